// Kill -9 of a restore at each of its steps, one after the other on the same box. Until the last run ended
// no server starts there; then the box is what one undisturbed restore makes.

import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { restore } from '../../../installer/backup/restore.ts';
import { refuseHalfRestored } from '../../../server/refuse-half-restored.ts';
import { openTestDatabase, useTestDatabase } from '../../support/database.ts';
import { viewSchema } from '../../support/schema.ts';
import { ROOT } from '../../support/spawn-appliance.ts';
import {
  fillEveryTable,
  makeBox,
  makeKeyPair,
  takeBackup,
  type TestBox,
  writeKeys,
} from './rig.ts';

const database = useTestDatabase();
const UNTIL = fileURLToPath(new URL('./restore-until.ts', import.meta.url));

/** In the order in which they come. Before `mark` nothing was changed yet. */
const HARMLESS = ['step prove', 'step look', 'step mark'];
const POINTS = [
  'step files',
  'step schema',
  'step load',
  'table device_event',
  'table template',
  'doubted',
  'step migrate',
  'step publish',
  'step record',
  'step unmark',
];

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args], {
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('exit', (code, signal) => resolve({ code, signal, stderr }));
  });
}

test('killed at every step and run again, a restore ends in the same state', async () => {
  const keys = await makeKeyPair();
  await fillEveryTable(await viewSchema(database.database()), database.database().kind);
  const origin = makeBox(database.database().settings);
  mkdirSync(origin.box.config.data_dir, { recursive: true });
  writeKeys(origin, ['x1', 'x2', 'x3']);
  const taken = await takeBackup(origin, keys);
  const another = await takeBackup(origin, keys);
  const target = await openTestDatabase({ migrated: false });
  database.database().onClose(target.close);
  const to = makeBox(target.settings);
  const finish = (source = taken.source) =>
    restore({ source, box: to.box, dryRun: false, now: new Date(), tell: () => undefined });
  const killAt = async (point: string): Promise<void> => {
    const { signal, stderr } = await run(argumentsOf(point));
    expect([point, signal, stderr]).toEqual([point, 'SIGKILL', '']);
  };
  const argumentsOf = (point: string): string[] => [
    UNTIL,
    taken.source.file,
    keys.identity,
    to.configFile,
    point,
  ];

  for (const point of HARMLESS) {
    await killAt(point);
    expect(existsSync(to.box.config.data_dir)).toBe(false);
  }
  for (const point of POINTS) {
    await killAt(point);
    expect(() => refuseHalfRestored(to.box.config.data_dir)).toThrow('Run the same');
  }
  await expect(finish(another.source)).rejects.toThrow('the unfinished restore of another backup');
  const server = await run([`${ROOT}/server/main.ts`, '--config', to.configFile]);
  expect(server).toMatchObject({ code: 1 });
  expect(server.stderr).toContain('a restore was begun and did not end');

  await finish();
  const once = await undisturbed(finishInto(taken.source));
  expect((await takeBackup(to, keys)).end.tables).toEqual(taken.end.tables);
  expect(namesBelow(to)).toEqual(namesBelow(once));
}, 240_000);

type Source = Parameters<typeof restore>[0]['source'];

const finishInto =
  (source: Source) =>
  async ({ box }: TestBox): Promise<void> =>
    void (await restore({ source, box, dryRun: false, now: new Date(), tell: () => undefined }));

async function undisturbed(into: (box: TestBox) => Promise<void>): Promise<TestBox> {
  const fresh = await openTestDatabase({ migrated: false });
  database.database().onClose(fresh.close);
  const box = makeBox(fresh.settings);
  await into(box);
  return box;
}

/** No draft, no staged file, no mark is left. */
function namesBelow({ box }: TestBox): string[] {
  return readdirSync(box.config.data_dir, { recursive: true }).map(String).toSorted();
}
