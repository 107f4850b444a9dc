// Loads a backup in one transaction of the owner: rows, references, sums and marks become visible together
// or not at all. Row-level security is lifted for the owner and the references are taken off inside that
// transaction only, and both are back before it commits.

import type pg from 'pg';
import type { DatabaseSettings } from '../../server/platform/database/connect.ts';
import {
  migrateDown,
  migrateUp,
  type MigrationStep,
} from '../../server/platform/database/migrate.ts';
import { MIGRATIONS } from '../../migrations/index.ts';
import {
  hasOperations,
  MARK_DOUBTED,
  requireSameShape,
  sequenceAfter,
} from './store-after-load.ts';
import { requireSums } from './compare-sums.ts';
import type { BackupEnd, BackupHeader, TableShape, Value } from './format.ts';
import { connectAs, cursorLines, postgresTables, sequencesOf } from './store-postgres.ts';
import type { Loading, LoadTarget } from './load-target.ts';

type Settings = Extract<DatabaseSettings, { kind: 'postgres' }>;

/** A comment on this table says which backup it was loaded from; it comes and goes with the transaction. */
const MARKED_TABLE = 'organization';
const PARAMETERS_MAX = 60_000;
const ROWS_MAX = 500;
const LOT_BYTES_MAX = 4 * 1024 * 1024;

export function createPostgresTarget(settings: Settings): LoadTarget {
  const look = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = await connectAs(settings, 'owner');
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  return {
    findings: () => findings(settings),
    isLoaded: (id) => look(async (client) => (await loadedFrom(client)) === id),
    prepare: (steps) => prepare(settings, steps),
    load: async (header) => load(await connectAs(settings, 'owner'), header),
    migrate: async (steps) => void (await migrateUp(settings, steps)),
    publish: async () => undefined,
  };
}

/**
 * Asked as `engine`, which waits for nobody and holds nobody up, should somebody be serving after all. What
 * it may not read belongs to an organization, and of those there must be none.
 */
async function findings(settings: Settings): Promise<string[]> {
  const client = await connectAs(settings, 'engine');
  try {
    const where = `database ${settings.database}`;
    const tables = await postgresTables(client);
    const ours = await client.query(
      `select to_regclass('public.knex_migrations') is not null as found`,
    );
    if (!(ours.rows[0] as { found: boolean }).found)
      return tables.map(({ name }) => `${where}: the table ${name}, which is not ours`);
    const found: string[] = [];
    for (const { name } of tables) {
      const may = await client.query(`select has_table_privilege($1, 'select') as may`, [
        `public.${name}`,
      ]);
      if (!(may.rows[0] as { may: boolean }).may) continue;
      const { rows } = await client.query(`select count(*)::int as rows from "${name}"`);
      const count = (rows[0] as { rows: number }).rows;
      if (count > 0) found.push(`${where}: ${count} rows in ${name}`);
    }
    return found;
  } finally {
    await client.end();
  }
}

async function loadedFrom(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query(
    `select obj_description(to_regclass('public.${MARKED_TABLE}'), 'pg_class') as said`,
  );
  const said = (rows[0] as { said: string | null }).said ?? '';
  return /^restored from (\S+)$/.exec(said)?.[1] ?? null;
}

/** What is there is empty: it is taken down, so that the tables are exactly of the backup's release. */
async function prepare(settings: Settings, steps: readonly MigrationStep[]): Promise<void> {
  await migrateDown(settings, MIGRATIONS, { all: true });
  await migrateUp(settings, steps);
}

async function load(client: pg.Client, header: BackupHeader): Promise<Loading> {
  await client.query('begin');
  const here = await postgresTables(client);
  for (const { name } of here)
    await client.query(`alter table "${name}" no force row level security`);
  const references = await takeReferencesOff(client);
  const shapes: TableShape[] = [];
  let lot = createLot(client, null);
  return {
    table: async (shape) => {
      await lot.send();
      const target = here.find(({ name }) => name === shape.name);
      requireSameShape(shape, target);
      shapes.push(shape);
      lot = createLot(client, shape);
    },
    row: (row) => lot.add(row),
    finish: async (end) => {
      await lot.send();
      await setSequences(client, shapes, end);
      for (const { table, name, definition } of references) {
        await client.query(`alter table ${table} add constraint "${name}" ${definition}`);
      }
      await requireSums(end, shapes, (shape) => cursorLines(client, shape));
      const moment = Date.parse(header.created_at);
      const marked = hasOperations(shapes) ? await client.query(MARK_DOUBTED, [moment]) : null;
      for (const { name } of here) await forceAgain(client, name);
      await client.query(
        `comment on table ${MARKED_TABLE} is 'restored from ${checkId(header.id)}'`,
      );
      await client.query('commit');
      await client.end();
      return { doubted: marked?.rowCount ?? 0 };
    },
    abort: () => client.end(),
  };
}

/** Only where it is on: the system's own tables have none. */
async function forceAgain(client: pg.Client, table: string): Promise<void> {
  const { rows } = await client.query(
    `select relrowsecurity as secured from pg_class where oid = to_regclass($1)`,
    [`public.${table}`],
  );
  if ((rows[0] as { secured: boolean }).secured)
    await client.query(`alter table "${table}" force row level security`);
}

interface Reference {
  table: string;
  name: string;
  definition: string;
}

/** Rows come table by table and may point to later ones; each reference is checked when it is back. */
async function takeReferencesOff(client: pg.Client): Promise<Reference[]> {
  const { rows } = await client.query(
    `select conrelid::regclass::text as table, conname as name, pg_get_constraintdef(oid) as definition
       from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace
      order by 1, 2`,
  );
  const references = rows as Reference[];
  for (const { table, name } of references)
    await client.query(`alter table ${table} drop constraint "${name}"`);
  return references;
}

interface Lot {
  add(row: readonly Value[]): Promise<void>;
  send(): Promise<void>;
}

function createLot(client: pg.Client, shape: TableShape | null): Lot {
  const width = shape?.columns.length ?? 1;
  const rowsMax = Math.min(ROWS_MAX, Math.floor(PARAMETERS_MAX / width));
  const names = shape?.columns.map(({ name }) => `"${name}"`).join(', ');
  let values: (string | Buffer | null)[] = [];
  let bytes = 0;
  const send = async (): Promise<void> => {
    if (shape === null || values.length === 0) return;
    const rows = Array.from({ length: values.length / width }, (_row, at) => slots(at, width));
    await client.query(`insert into "${shape.name}" (${names}) values ${rows.join(', ')}`, values);
    values = [];
    bytes = 0;
  };
  return {
    send,
    add: async (row) => {
      for (const value of row) {
        const given = typeof value === 'number' || typeof value === 'bigint' ? `${value}` : value;
        values.push(given);
        bytes += given?.length ?? 0;
      }
      if (values.length / width >= rowsMax || bytes >= LOT_BYTES_MAX) await send();
    },
  };
}

function slots(row: number, width: number): string {
  const numbers = Array.from({ length: width }, (_column, at) => `$${row * width + at + 1}`);
  return `(${numbers.join(', ')})`;
}

async function setSequences(
  client: pg.Client,
  shapes: readonly TableShape[],
  end: BackupEnd,
): Promise<void> {
  for (const { table, column, sequence } of await sequencesOf(client, shapes)) {
    const shape = shapes.find(({ name }) => name === table);
    const { rows } = await client.query(`select max("${column}")::text as high from "${table}"`);
    const used = Number((rows[0] as { high: string | null }).high ?? 0);
    const highest = Math.max(used, end.sequences[table] ?? 0);
    if (shape === undefined || highest === 0) continue;
    const next = sequenceAfter(shape, highest);
    await client.query('select setval($1::regclass, $2)', [sequence, next]);
  }
}

/** It travels inside a statement: anything but a UUID is refused. */
function checkId(id: string): string {
  if (!/^[0-9a-f-]{36}$/.test(id)) throw new Error('The backup has an id of a foreign form.');
  return id;
}
