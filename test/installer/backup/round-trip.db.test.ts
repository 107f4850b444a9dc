import { beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BackupEnd, TableShape } from '../../../installer/backup/format.ts';
import { readBackup } from '../../../installer/backup/read-backup.ts';
import { restore, type RestoreReport } from '../../../installer/backup/restore.ts';
import { MIGRATIONS } from '../../../migrations/index.ts';
import { migrateUp } from '../../../server/platform/database/migrate.ts';
import { openTestDatabase, type TestDatabase, useTestDatabase } from '../../support/database.ts';
import { type SchemaView, viewSchema } from '../../support/schema.ts';
import {
  fillEveryTable,
  HARD,
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
let origin: TestBox;
let view: SchemaView;
let taken: Taken;

beforeAll(async () => {
  keys = await makeKeyPair();
  view = await viewSchema(database.database());
  await fillEveryTable(view, database.database().kind);
  origin = makeBox(database.database().settings);
  mkdirSync(origin.box.config.data_dir, { recursive: true });
  writeKeys(origin, ['x1', 'x2', 'x3']);
  taken = await takeBackup(origin, keys);
});

async function emptyDatabase(migrated: boolean): Promise<TestDatabase> {
  const made = await openTestDatabase({ migrated });
  database.database().onClose(made.close);
  return made;
}

const restoreInto = (target: TestBox, source = taken.source): Promise<RestoreReport> =>
  restore({ source, box: target.box, dryRun: false, now: new Date(), tell: () => undefined });

const sumsOf = ({ end }: { end: BackupEnd }): BackupEnd['tables'] => end.tables;

describe('a backup', () => {
  test('carries every table with every row, and names what made them', async () => {
    const tables = await view.tables();
    expect(Object.keys(taken.end.tables).toSorted()).toEqual(
      tables.map(({ name }) => name).toSorted(),
    );
    expect(new Set(Object.values(taken.end.tables).map(({ rows }) => rows))).toEqual(new Set([3]));
    expect(taken.header).toMatchObject({
      schema: MIGRATIONS.map(({ name }) => name),
      organizations: 3,
      database: database.database().kind,
    });
    expect(statSync(taken.source.file).mode & 0o777).toBe(0o600);
  });

  test('holds rows in the same order, and so the same sums, each time', async () => {
    expect(sumsOf(await takeBackup(origin, keys))).toEqual(sumsOf(taken));
  });

  test('carries the hardest value of each kind as it is', async () => {
    const hard = new Map<string, Set<string>>();
    let shape: TableShape | null = null;
    for await (const found of readBackup(taken.source)) {
      if (found.kind === 'table') shape = found.table;
      if (found.kind !== 'row' || shape === null) continue;
      for (const [at, value] of found.row.entries()) {
        const kind = shape.columns[at]?.kind ?? 'text';
        const wanted = HARD[kind];
        const isHard = Buffer.isBuffer(wanted)
          ? Buffer.isBuffer(value) && wanted.equals(value)
          : value === wanted;
        if (isHard) hard.set(kind, (hard.get(kind) ?? new Set()).add(shape.name));
      }
    }
    const tables = await view.tables();
    const withBytes = tables.filter(({ columns }) => columns.some(({ kind }) => kind === 'bytes'));
    expect(hard.get('bytes')?.size).toBe(withBytes.length);
    expect(hard.get('integer')?.size).toBeGreaterThan(20);
    expect(hard.get('text')?.size).toBeGreaterThan(20);
  });

  test('is refused when the key file lacks a key that rows are wrapped under', async () => {
    const other = makeBox(database.database().settings);
    mkdirSync(other.box.config.data_dir, { recursive: true });
    writeKeys(other, ['x1', 'x3']);
    await expect(takeBackup(other, keys)).rejects.toThrow('found none for x2');
  });
});

describe('a restore', () => {
  test('into an empty database ends in the same rows, with nothing left of its doing', async () => {
    const target = await emptyDatabase(true);
    const box = makeBox(target.settings);
    const report = await restoreInto(box);
    expect(report).toMatchObject({ doubted: 0, rows: 3 * Object.keys(taken.end.tables).length });
    expect(sumsOf(await takeBackup(box, keys))).toEqual(sumsOf(taken));
    const seen = await viewSchema(target);
    expect(await seen.tables()).toEqual(await view.tables());
    expect(existsSync(join(box.box.config.data_dir, 'restore-in-progress.json'))).toBe(false);
    const record = JSON.parse(readFileSync(join(box.box.config.data_dir, 'restored.json'), 'utf8'));
    expect(record).toMatchObject({ backup_id: taken.header.id });
  });

  test('brings the keys, readable by their owner alone', async () => {
    const target = await emptyDatabase(false);
    const box = makeBox(target.settings);
    await restoreInto(box);
    const [from, to] = [origin, box].map(({ box: { config } }) => config.keys.file.path);
    expect(readFileSync(to ?? '', 'utf8')).toBe(readFileSync(from ?? '', 'utf8'));
    expect(statSync(to ?? '').mode & 0o777).toBe(0o600);
  });

  test('moves from one kind of database to a file and back, and the sums stay', async () => {
    const file = makeBox();
    await restoreInto(file);
    const between = await takeBackup(file, keys);
    expect(between.header.database).toBe('sqlite');
    expect(sumsOf(between)).toEqual(sumsOf(taken));
    const back = makeBox((await emptyDatabase(false)).settings);
    await restoreInto(back, between.source);
    const again = await takeBackup(back, keys);
    expect(again.header.database).toBe(database.database().kind);
    expect(sumsOf(again)).toEqual(sumsOf(taken));
  });

  test('never hands out a position again that the lost days may have handed out', async () => {
    const target = await emptyDatabase(false);
    await restoreInto(makeBox(target.settings));
    const seen = await viewSchema(target);
    await seen.insert('outbox_msg', {
      org_id: 'x1',
      lane_id: 1,
      aggregate: 'a',
      type: 't',
      uid: 'u',
      body: '{}',
      created_at: 1,
    });
    const rows = await seen.run(`select max(pos) as pos from outbox_msg`);
    expect(Number(rows[0]?.['pos'])).toBeGreaterThan(1_000_000);
  });

  test('of an older release’s backup makes its tables first, and brings them up to date', async () => {
    const old = await emptyDatabase(false);
    await migrateUp(old.settings, MIGRATIONS.slice(0, -1));
    const before = makeBox(old.settings);
    mkdirSync(before.box.config.data_dir, { recursive: true });
    writeKeys(before, ['x1', 'x2', 'x3']);
    await fillEveryTable(await viewSchema(old), old.kind);
    const older = await takeBackup(before, keys);
    expect(older.header.schema).toHaveLength(MIGRATIONS.length - 1);
    const target = makeBox((await emptyDatabase(true)).settings);
    await restoreInto(target, older.source);
    const after = await takeBackup(target, keys);
    expect(after.header.schema).toEqual(MIGRATIONS.map(({ name }) => name));
    const rowsOf = ({ end }: Taken) =>
      Object.fromEntries(Object.entries(end.tables).map(([name, { rows }]) => [name, rows]));
    expect(rowsOf(after)).toMatchObject(rowsOf(older));
  });
});
