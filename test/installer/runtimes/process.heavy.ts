// One real box, from the first install to a changed trust root: each test finds it as the one before left it.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BROKEN_SOURCES } from '../support/broken-sources.ts';
import { readiness, setLogLevel } from '../support/live-setting.ts';
import { copyRelease, freezeRelease, makeBox, type RealBox } from '../support/real-box.ts';

const APPLY = ['apply', '--soak-ms', '1000'] as const;
/** Long for a server that serves after two seconds, and not the 90 s that a customer's may take. */
const SHORT_START = ['--start-limit-ms', '15000'] as const;

let shelf: string;
let good: string;
let next: string;
let box: RealBox;

beforeAll(async () => {
  shelf = mkdtempSync(join(tmpdir(), 'sallyport-shelf-'));
  good = await freezeRelease(shelf);
  next = copyRelease(good, '0.2.0', {});
  const init = ['--profile', 'evaluation', '--supervisor', 'pidfile'];
  box = await makeBox({ cli: good, init });
});

afterAll(async () => {
  await box?.remove();
  rmSync(shelf, { recursive: true, force: true });
});

async function version(): Promise<string> {
  const response = await fetch(`${box.api}/version`);
  return ((await response.json()) as { version: string }).version;
}

function pid(): number {
  return Number(readFileSync(join(box.home, 'state/server.pid'), 'utf8').split(' ')[0]);
}

function journal(): string {
  return readFileSync(join(box.home, 'state/journal.ndjson'), 'utf8');
}

async function whoAmI(): Promise<number> {
  const key = readFileSync(join(box.home, 'data/bootstrap-api-key'), 'utf8').trim();
  const headers = { authorization: `Bearer ${key}` };
  return (await fetch(`${box.api}/v1/whoami`, { headers })).status;
}

/** Killed at each of the steps in turn, each time by a run that goes on where the killed one was. */
async function killAt(steps: readonly string[], ...args: string[]): Promise<void> {
  for (const step of steps) {
    const end = await box.applyAndKill(step, '--soak-ms', '500', ...args);
    expect({ step, end }).toEqual({ step, end: 'killed' });
  }
}

describe('the process runtime, for real', () => {
  test('an install killed with SIGKILL at five steps ends as if nothing had been', async () => {
    await killAt(['release', 'checked', 'migrated', 'switch', 'serve']);
    expect(await box.run(...APPLY)).toMatchObject({ code: 0 });
    expect(await version()).toBe('0.1.0');
    expect(readdirSync(join(box.home, 'releases'))).toHaveLength(1);
    expect(readdirSync(join(box.home, 'applied'))).toHaveLength(1);
    expect(existsSync(join(box.home, 'state/lock'))).toBe(false);
  });

  test('applied again nothing changes', async () => {
    const before = { pid: pid(), journal: journal() };
    expect(await box.run(...APPLY)).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' });
    expect({ pid: pid(), journal: journal() }).toEqual(before);
    expect(await box.run('verify')).toMatchObject({ code: 0 });
    expect(await box.run('status')).toMatchObject({ code: 0 });
  });

  test('a change of a live setting is taken over by the server that runs', async () => {
    const before = pid();
    setLogLevel(box.file, 'warn');
    const plan = await box.run('plan');
    expect(plan.stdout).toMatch(/^reload +log\.level: default → "warn"$/m);
    expect(plan.stdout).toContain('The server takes this over while it runs.');
    expect(await box.run(...APPLY)).toMatchObject({ code: 0 });
    expect(pid()).toBe(before);
    const { config } = await readiness(box.api);
    expect(config).toMatchObject({ generation: 2, last_reload: { ok: true }, restart_needed: [] });
    const status = await box.run('status');
    expect(status).toMatchObject({ code: 0 });
    expect(status.stdout).toContain(`config      ${config.digest}, generation 2`);
    expect(status.stdout).toMatch(/^last read +at .*, right$/m);
    expect(await box.run(...APPLY)).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' });
    expect(await box.run('verify')).toMatchObject({ code: 0 });
  });

  test.each(Object.entries(BROKEN_SOURCES))(
    'a release that %s leaves the old one serving and the data as it was',
    async (_, changes) => {
      const current = readlinkSync(join(box.home, 'current'));
      const broken = copyRelease(good, '0.1.1', changes);
      const refused = await box.run(...APPLY, ...SHORT_START, '--release', broken);
      expect(refused).toMatchObject({ code: 4 });
      expect(await version()).toBe('0.1.0');
      expect(await whoAmI()).toBe(200);
      expect(readlinkSync(join(box.home, 'current'))).toBe(current);
      expect(readdirSync(join(box.home, 'releases'))).toHaveLength(1);
      expect(await box.run(...APPLY)).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' });
      expect(await box.run('verify')).toMatchObject({ code: 0 });
      rmSync(broken, { recursive: true });
    },
  );

  test('a check that fails stops an upgrade, unless its risk is accepted by name; then it takes over', async () => {
    const open = join(box.home, 'secrets/veriff-api-key');
    chmodSync(open, 0o644);
    const before = journal();
    const upgrade = [...APPLY, '--release', next];
    const stopped = await box.run(...upgrade);
    expect(stopped).toMatchObject({ code: 3 });
    expect(stopped.stderr).toContain('preflight fail secrets-mode');
    expect(await box.run(...upgrade, '--skip', 'secrets-mode')).toMatchObject({ code: 2 });
    expect(await box.run(...upgrade, '--accept-risk', 'cpu-load')).toMatchObject({ code: 2 });
    expect(journal()).toBe(before);
    expect(await version()).toBe('0.1.0');
    const risk = ['--accept-risk', 'secrets-mode'];
    await killAt(['release', 'checked', 'switch'], '--release', next, ...risk);
    const taken = await box.run(...upgrade, ...risk);
    expect(taken).toMatchObject({ code: 0 });
    expect(taken.stderr).toContain('RISK ACCEPTED: secrets-mode failed');
    expect(journal().slice(before.length)).toMatch(
      /"event":"begin","verb":"apply",.*"risks":\[\{"check":"secrets-mode","found":".*veriff-api-key/,
    );
    expect(await version()).toBe('0.2.0');
    expect(await whoAmI()).toBe(200);
    chmodSync(open, 0o600);
    const again = await box.run(...upgrade);
    expect(again).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' });
  });

  test('a trust root that was changed keeps the server from starting', async () => {
    const root = join(box.home, 'config/trust/root.json');
    const text = readFileSync(root, 'utf8');
    writeFileSync(root, text.replace('"version": 1', '"version": 2'));
    process.kill(pid(), 'SIGKILL');
    const upgrade = [...APPLY, '--release', next];
    const stopped = await box.run(...upgrade);
    expect(stopped).toMatchObject({ code: 3 });
    expect(stopped.stderr).toContain('preflight fail trust-root');
    // Overruled here, refused by the server itself.
    const again = await box.run(...upgrade, '--accept-risk', 'trust-root');
    expect(again).toMatchObject({ code: 5 });
    expect(again.stderr).toContain('The trust root');
    expect(await box.run('verify')).toMatchObject({ code: 1 });
  });
});
