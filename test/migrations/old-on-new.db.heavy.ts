// The release before this one serves under load while the new one migrates, and is started again on the new
// schema: nobody notices. Then two migrations that the linter refuses, to show that this test would notice.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readInFlight } from '../../scripts/chaos/in-flight.ts';
import { createJournal, type Journal } from '../../scripts/chaos/journal.ts';
import { prepare, type Prepared } from '../../scripts/chaos/prepare.ts';
import { checkPromises } from '../../scripts/chaos/promises/check.ts';
import { seeded } from '../../scripts/chaos/random.ts';
import { until } from '../../scripts/chaos/wait.ts';
import { openWorld, type World } from '../../scripts/chaos/world.ts';
import { LOCK_TIMEOUT_MS } from '../../server/platform/database/migrate-step.ts';
import { testDatabaseKind } from '../support/database.ts';
import { watchLocks } from './lock-watch.ts';
import { BREAKS, EXPANDS, LOCKS } from './planted-release.ts';
import { previousRelease, releaseWith } from './releases.ts';
import { type Outcome, startLoad } from './upgrade-load.ts';

const run = promisify(execFile);
const kind = testDatabaseKind();
/**
 * On Postgres a try of the migration holds servers up for its lock_timeout at most; the rest is for a busy machine.
 * SQLite's write lock goes from hand to hand at every commit, which a slow disk stretches.
 */
const HELD_MAX_MS = kind === 'postgres' ? LOCK_TIMEOUT_MS + 300 : 2_000;
const SOME = { calls: 15, answers: 10 };
const PINO_ERROR = 50;

/** Figures for whoever reads the suite's output. */
const tell = (line: string): void => void process.stderr.write(`${line}\n`);

interface Upgrade extends Outcome {
  migrated: readonly string[];
  heldMs: number;
}

let folder = '';
let world: World;
let journal: Journal;
let prepared: Prepared;
let releases: { old: string; expanded: string; locking: string; breaking: string };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-releases-'));
  const { root: old, which } = previousRelease(folder);
  tell(`the previous release is ${which}`);
  releases = {
    old,
    expanded: releaseWith(join(folder, 'expanded'), EXPANDS),
    locking: releaseWith(join(folder, 'locking'), [...EXPANDS, LOCKS[kind]]),
    breaking: releaseWith(join(folder, 'breaking'), [...EXPANDS, LOCKS[kind], BREAKS]),
  };
  world = await openWorld(old, { kills: 1, seed: 1, database: kind, plant: null, keep: false });
  journal = createJournal(join(world.folder, 'journal.ndjson'));
  prepared = await prepare({
    root: old,
    folder: world.folder,
    api: world.server.api,
    client: world.client,
    people: 6,
    terminals: 3,
    journal,
  });
}, 120_000);

afterAll(async () => {
  // First: what they still hear goes into the journal, in the world's folder.
  await Promise.all(prepared?.terminals.map((terminal) => terminal.stop()) ?? []);
  await world?.close(false);
  rmSync(folder, { recursive: true, force: true });
});

const load = (): ReturnType<typeof startLoad> =>
  startLoad({
    ...prepared,
    api: world.server.api,
    apiKey: world.apiKey,
    journal,
    random: seeded(11),
  });

async function migrate(root: string): Promise<{ migrated: string[]; notice?: string }> {
  const argv = [join(root, 'server/main.ts'), 'migrate'];
  const env = { ...process.env, NODE_OPTIONS: '', ...world.env };
  return JSON.parse((await run(process.execPath, argv, { env })).stdout) as never;
}

/** The old server under load while the release at `root` migrates, and for some time after. */
async function upgrade(root: string): Promise<Upgrade> {
  const errorsBefore = serverErrors().length;
  const under = load();
  await under.more(SOME);
  const watch = await watchLocks(world.appliance(prepared.organizationId));
  const { migrated } = await migrate(root);
  await under.more(SOME);
  const outcome = await under.stop();
  const heldMs = await watch.stop();
  const failures = [...outcome.failures, ...serverErrors().slice(errorsBefore)];
  tell(
    `${kind}: ${outcome.calls} calls, ${outcome.answers} answers, slowest ${Math.round(outcome.slowestMs)} ms, ` +
      `held ${Math.round(heldMs)} ms, ${failures.length} failures`,
  );
  return { ...outcome, failures, migrated, heldMs };
}

function logLines(): { level: number; msg: string }[] {
  const lines = readFileSync(join(world.folder, 'server.log'), 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('{"level"')).map((line) => JSON.parse(line));
}

function serverErrors(): string[] {
  return logLines()
    .filter(({ level }) => level >= PINO_ERROR)
    .map((line) => JSON.stringify(line));
}

async function linted(root: string): Promise<{ code: number; said: string }> {
  const argv = [join(root, 'scripts/lint-migrations.ts')];
  return run(process.execPath, argv, { env: { ...process.env, NODE_OPTIONS: '' } }).then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    (error: { code: number; stderr: string }) => ({ code: error.code, said: error.stderr }),
  );
}

describe('the release before', () => {
  test('serves on while the new one migrates: no call fails, nobody waits for long', async () => {
    expect(await linted(releases.expanded)).toMatchObject({ code: 0 });
    const seen = await upgrade(releases.expanded);
    expect(seen.failures).toEqual([]);
    expect(seen.migrated.slice(-EXPANDS.length)).toEqual(EXPANDS.map(({ name }) => name));
    expect(seen.heldMs).toBeLessThan(HELD_MAX_MS);
  });

  test('has nothing to migrate afterwards and says why', async () => {
    const said = await migrate(releases.old);
    expect(said).toMatchObject({
      migrated: [],
      notice: expect.stringContaining('newer than this'),
    });
  });

  test('is started again on the new schema, says so in its log and serves on', async () => {
    await world.server.stop();
    await world.server.start();
    expect(logLines().some(({ msg }) => /schema is newer/.test(msg))).toBe(true);
    const under = load();
    await under.more(SOME);
    expect((await under.stop()).failures).toEqual([]);
  });

  test('has everything that it acknowledged, and its ledger is the provider’s', async () => {
    const drained = until(
      async () => {
        const { open, messages } = await readInFlight(world.books);
        return open === 0 && messages === 0;
      },
      { timeoutMs: 60_000, everyMs: 100 },
    );
    expect(await drained).toBe(true);
    for (const terminal of prepared.terminals) terminal.testify();
    const said: string[] = [];
    const evidence = {
      books: world.books,
      journal,
      appliance: world.appliance(prepared.organizationId),
      stripeFile: world.twins.stripe.database,
      veriffFile: world.twins.veriff.database,
      endedAt: Date.now(),
    };
    const held = await checkPromises(evidence, (line) => void said.push(line));
    expect([held, said.filter((line) => !line.startsWith('held'))]).toEqual([true, []]);
  });
});

describe('this test notices', () => {
  test('a migration that holds a table for seconds, which the linter refuses', async () => {
    const { code, said } = await linted(releases.locking);
    expect([code, said]).toEqual([1, expect.stringContaining(LOCKS[kind].refusedBy)]);
    expect((await upgrade(releases.locking)).heldMs).toBeGreaterThan(HELD_MAX_MS);
  });

  test('a migration that drops a column in use, which the linter refuses', async () => {
    const { code, said } = await linted(releases.breaking);
    expect([code, said]).toEqual([1, expect.stringContaining(BREAKS.refusedBy)]);
    const { failures } = await upgrade(releases.breaking);
    expect(failures.join('\n')).toMatch(/\/v1\/people → 500/);
  });
});
