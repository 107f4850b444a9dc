// Everything that is wrong with a backup or with the box it should go to: a clear error, exit code and all,
// and the box as it was.

import { beforeAll, describe, expect, test } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { seal } from '../../../installer/backup/envelope.ts';
import type { BackupSource } from '../../../installer/backup/read-backup.ts';
import { restore } from '../../../installer/backup/restore.ts';
import { saveBackup } from '../../../installer/backup/save-backup.ts';
import { MIGRATIONS } from '../../../migrations/index.ts';
import { migrateUp } from '../../../server/platform/database/migrate.ts';
import { databaseOf } from '../../../installer/backup/database-of.ts';
import { useTestDatabase } from '../../support/database.ts';
import { viewSchema } from '../../support/schema.ts';
import {
  fillEveryTable,
  type KeyPair,
  makeBox,
  makeKeyPair,
  takeBackup,
  type Taken,
  type TestBox,
  writeKeys,
} from './rig.ts';

const database = useTestDatabase();
let keys: KeyPair;
let taken: Taken;
let sealed: Buffer;

beforeAll(async () => {
  keys = await makeKeyPair();
  await fillEveryTable(await viewSchema(database.database()), 'sqlite');
  const origin = makeBox(database.database().settings);
  mkdirSync(origin.box.config.data_dir, { recursive: true });
  writeKeys(origin, ['x1', 'x2', 'x3']);
  taken = await takeBackup(origin, keys);
  sealed = readFileSync(taken.source.file);
});

/** Every file below, with what is in it. */
function contents({ folder }: TestBox): string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile())
    .map((path) => `${path} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`)
    .toSorted();
}

async function refusal(
  box: TestBox,
  source: BackupSource,
): Promise<{ exit: string; said: string }> {
  const before = contents(box);
  const now = new Date();
  const error = await restore({
    source,
    box: box.box,
    dryRun: false,
    now,
    tell: () => undefined,
  }).then(
    () => null,
    (thrown: Error & { exit?: string }) => thrown,
  );
  expect(contents(box)).toEqual(before);
  if (error === null) throw new Error('It was not refused.');
  return { exit: error.exit ?? 'no exit code', said: error.message };
}

let written = 0;

function asFile(bytes: Buffer): BackupSource {
  written += 1;
  const file = `${taken.source.file}.${written}`;
  writeFileSync(file, bytes);
  return { file, credential: taken.source.credential };
}

async function sealLines(lines: readonly object[]): Promise<BackupSource> {
  const file = `${taken.source.file}.${randomUUID()}`;
  const plain = Readable.from([lines.map((line) => `${JSON.stringify(line)}\n`).join('')], {
    objectMode: false,
  });
  await saveBackup(await seal(plain, { recipients: [keys.recipient] }), file);
  return { file, credential: taken.source.credential };
}

describe('a backup is refused', () => {
  test('with another identity', async () => {
    const other = await makeKeyPair();
    const source = { ...taken.source, credential: { identities: [other.identity] } };
    const { exit, said } = await refusal(makeBox(), source);
    expect(exit).toBe('badInput');
    expect(said).toContain('made for other recipients');
  });

  test('when it is cut off, wherever', async () => {
    for (const share of [0, 0.01, 0.3, 0.9, 0.999]) {
      const source = asFile(sealed.subarray(0, Math.floor(sealed.length * share)));
      expect(await refusal(makeBox(), source)).toMatchObject({ exit: 'badInput' });
    }
    expect(await refusal(makeBox(), asFile(sealed.subarray(0, -1)))).toEqual({
      exit: 'badInput',
      said: expect.stringContaining('changed or cut off'),
    });
  });

  test('when one bit of it was changed, wherever', async () => {
    for (let at = 0; at < sealed.length; at += Math.ceil(sealed.length / 60)) {
      const bytes = Buffer.from(sealed);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      expect([at, (await refusal(makeBox(), asFile(bytes))).exit]).toEqual([at, 'badInput']);
    }
  });

  test('when it is no backup, or not there', async () => {
    const text = await refusal(makeBox(), asFile(Buffer.from('hello\n')));
    expect(text.said).toContain('expected a file made by sallyport backup');
    const none = await refusal(makeBox(), { ...taken.source, file: '/nowhere/backup.age' });
    expect(none).toMatchObject({ exit: 'badInput', said: expect.stringContaining('no such file') });
  });

  test('of another format, naming both', async () => {
    const header = { ...taken.header, format: 'sallyport-backup/9' };
    const { exit, said } = await refusal(makeBox(), await sealLines([{ header }]));
    expect(exit).toBe('badInput');
    expect(said).toContain('sallyport-backup/1, found sallyport-backup/9');
  });

  test('of a newer release, whose tables this one does not know', async () => {
    const header = { ...taken.header, schema: [...taken.header.schema, '9999-later'] };
    const { exit, said } = await refusal(makeBox(), await sealLines([{ header }]));
    expect(exit).toBe('badInput');
    expect(said).toContain('found 9999-later');
  });

  test('whose lines are well sealed and do not add up', async () => {
    const table = { name: 'outbox_dest', columns: [{ name: 'id', kind: 'text' }], order: ['id'] };
    const sum = { rows: 1, sha256: 'x' };
    const source = await sealLines([{ header: taken.header }, { table }, { sum }]);
    expect((await refusal(makeBox(), source)).said).toContain('expected 1 rows, found 0');
    const endless = await sealLines([{ header: taken.header }]);
    expect((await refusal(makeBox(), endless)).said).toContain('its end is missing');
  });

  test('with a file that would climb out of its place', async () => {
    const file = { part: 'secrets', name: '../../up', mode: 0o600, sha256: '', body: '' };
    const source = await sealLines([{ header: taken.header }, { file }]);
    expect((await refusal(makeBox(), source)).said).toContain('a file out of place');
  });
});

describe('a box is refused', () => {
  test('that has rows, naming the tables', async () => {
    const box = makeBox(database.database().settings);
    const before = await takeBackup(box, keys).catch((error: Error) => error.message);
    const { exit, said } = await refusal(box, taken.source);
    expect(exit).toBe('preflight');
    expect(said).toContain('3 rows in person');
    expect(await takeBackup(box, keys).catch((error: Error) => error.message)).toEqual(before);
  });

  test('that has keys of its own', async () => {
    const box = makeBox();
    mkdirSync(box.box.config.data_dir, { recursive: true });
    writeKeys(box, ['own']);
    const { exit, said } = await refusal(box, taken.source);
    expect(exit).toBe('preflight');
    expect(said).toContain('root keys');
  });

  test('but one with empty tables is an empty box', async () => {
    const box = makeBox();
    mkdirSync(box.box.config.data_dir, { recursive: true });
    await migrateUp(databaseOf(box.box.config), MIGRATIONS);
    const now = new Date();
    await restore({
      source: taken.source,
      box: box.box,
      dryRun: false,
      now,
      tell: () => undefined,
    });
    expect((await takeBackup(box, keys)).end.tables).toEqual(taken.end.tables);
  });

  test('and a dry run proves the backup and changes nothing', async () => {
    const box = makeBox();
    const before = contents(box);
    const now = new Date();
    const wanted = { source: taken.source, box: box.box, dryRun: true, now };
    const { rows } = await restore({ ...wanted, tell: () => undefined });
    expect(rows).toBeGreaterThan(100);
    expect(contents(box)).toEqual(before);
    expect(existsSync(box.box.config.data_dir)).toBe(false);
  });
});
