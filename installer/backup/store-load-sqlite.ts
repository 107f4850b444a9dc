// Loads a backup into a new file beside the one a server opens, and renames it at the very end. Until then
// a kill leaves a file that nobody opens and that the next run removes.

import Sqlite from 'better-sqlite3';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSettings } from '../../server/platform/database/connect.ts';
import { migrateUp } from '../../server/platform/database/migrate.ts';
import {
  hasOperations,
  MARK_DOUBTED,
  requireSameShape,
  sequenceAfter,
} from './store-after-load.ts';
import { requireSums } from './compare-sums.ts';
import type { BackupEnd, BackupHeader, TableShape } from './format.ts';
import type { Loading, LoadTarget } from './load-target.ts';
import { sqliteLines, sqliteTables } from './store-snapshot-sqlite.ts';

type Settings = Extract<DatabaseSettings, { kind: 'sqlite' }>;

export function createSqliteTarget(settings: Settings): LoadTarget {
  const { file } = settings;
  const staged = `${file}.restoring`;
  return {
    findings: async () => findings(file),
    // An unfinished run is begun anew: the file is not opened by anybody while the mark is there.
    isLoaded: async () => false,
    prepare: async (steps) => {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      removeWhole(staged);
      await migrateUp({ ...settings, file: staged }, steps);
      chmodSync(staged, 0o600);
    },
    load: async (header) => load(staged, header),
    migrate: async (steps) => void (await migrateUp({ ...settings, file: staged }, steps)),
    publish: async () => publish(staged, file),
  };
}

function findings(file: string): string[] {
  if (!existsSync(file)) return [];
  const db = new Sqlite(file, { readonly: true });
  try {
    return sqliteTables(db).flatMap(({ name }) => {
      const rows = Number(db.prepare(`select count(*) from "${name}"`).pluck().get());
      return rows === 0 ? [] : [`${file}: ${rows} rows in ${name}`];
    });
  } finally {
    db.close();
  }
}

function load(staged: string, header: BackupHeader): Loading {
  const db = new Sqlite(staged);
  // Nobody else sees this file, and a kill throws it away: it is made durable once, at its end.
  db.pragma('journal_mode = delete');
  db.pragma('synchronous = off');
  db.pragma('foreign_keys = off');
  db.exec('begin');
  const here = new Map(sqliteTables(db).map((table) => [table.name, table]));
  const shapes: TableShape[] = [];
  let insert: Sqlite.Statement | null = null;
  return {
    table: async (shape) => {
      requireSameShape(shape, here.get(shape.name));
      shapes.push(shape);
      const names = shape.columns.map(({ name }) => `"${name}"`).join(', ');
      const slots = shape.columns.map(() => '?').join(', ');
      insert = db.prepare(`insert into "${shape.name}" (${names}) values (${slots})`);
    },
    row: async (row) => void insert?.run(...row),
    finish: async (end) => {
      for (const shape of shapes) {
        const highest = end.sequences[shape.name];
        if (highest === undefined) continue;
        db.prepare('delete from sqlite_sequence where name = ?').run(shape.name);
        db.prepare('insert into sqlite_sequence (name, seq) values (?, ?)').run(
          shape.name,
          sequenceAfter(shape, highest),
        );
      }
      return finish(db, header, { end, shapes });
    },
    abort: async () => {
      db.close();
      removeWhole(staged);
    },
  };
}

async function finish(
  db: Sqlite.Database,
  header: BackupHeader,
  { end, shapes }: { end: BackupEnd; shapes: readonly TableShape[] },
): Promise<{ doubted: number }> {
  const broken = db.pragma('foreign_key_check') as { table: string; parent: string }[];
  if (broken[0] !== undefined) {
    const { table, parent } = broken[0];
    throw new Error(`${broken.length} rows point nowhere, the first from ${table} to ${parent}.`);
  }
  await requireSums(end, shapes, (shape) => sqliteLines(db, shape));
  const moment = { 1: Date.parse(header.created_at) };
  const doubted = hasOperations(shapes) ? db.prepare(MARK_DOUBTED).run(moment).changes : 0;
  db.exec('commit');
  db.pragma('journal_mode = wal');
  const file = db.name;
  db.close();
  sync(file);
  return { doubted };
}

function publish(staged: string, file: string): void {
  const db = new Sqlite(staged);
  db.pragma('wal_checkpoint(truncate)');
  db.close();
  sync(staged);
  // The log of the file that is replaced would be applied to the new one.
  for (const rest of ['-wal', '-shm', '-journal']) rmSync(`${file}${rest}`, { force: true });
  renameSync(staged, file);
  sync(dirname(file));
  removeWhole(staged);
}

function removeWhole(file: string): void {
  for (const rest of ['', '-wal', '-shm', '-journal', '.migrating', '.migrating-journal']) {
    rmSync(`${file}${rest}`, { force: true });
  }
}

function sync(path: string): void {
  const handle = openSync(path, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
