// A moment of a Postgres database. One transaction makes it and two more join it: the owner reads the
// catalogue and which migrations ran, `engine` reads the tables it may read whole, `app` the others, one
// organization after the other. So row-level security is passed through and never switched off.

import pg from 'pg';
import type { DatabaseSettings } from '../../server/platform/database/connect.ts';
import { type TableShape } from './format.ts';
import { connectAs, cursorLines, postgresSequences, postgresTables } from './store-postgres.ts';
import type { Snapshot } from './snapshot.ts';
import { KEY_TABLES, ownerColumn } from './table-order.ts';

type Settings = Extract<DatabaseSettings, { kind: 'postgres' }>;
type Reader = 'engine' | 'app';

const BEGIN = 'begin isolation level repeatable read read only';

export async function openPostgresSnapshot(settings: Settings): Promise<Snapshot> {
  const clients: pg.Client[] = [];
  const join = async (role: 'owner' | Reader): Promise<pg.Client> => {
    const client = await connectAs(settings, role);
    clients.push(client);
    return client;
  };
  const close = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.end()));
  };
  try {
    const owner = await join('owner');
    await owner.query(BEGIN);
    const exported = await owner.query('select pg_export_snapshot() as name');
    const name = (exported.rows[0] as { name: string }).name;
    const readers = { engine: await join('engine'), app: await join('app') };
    for (const client of Object.values(readers)) {
      await client.query(`${BEGIN}; set transaction snapshot '${name}'`);
    }
    return { ...(await describe(settings, owner, readers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function describe(
  settings: Settings,
  owner: pg.Client,
  readers: Record<Reader, pg.Client>,
): Promise<Omit<Snapshot, 'close'>> {
  const texts = async (client: pg.Client, text: string): Promise<string[]> =>
    (await client.query({ text, rowMode: 'array' })).rows.map((row: unknown[]) => String(row[0]));
  const tables = await postgresTables(owner);
  const roles = await readersOf(owner, settings, tables);
  const organizations = await texts(
    readers.engine,
    'select id from organization order by id collate "C"',
  );
  const kids = await Promise.all(
    KEY_TABLES.map(({ table, column }) =>
      texts(readers.engine, `select distinct ${column} from ${table} where ${column} is not null`),
    ),
  );
  return {
    schema: await texts(owner, 'select name from knex_migrations order by id'),
    organizations: organizations.length,
    tables,
    rootKids: kids.flat(),
    lines: (table) =>
      roles.get(table.name) === 'engine'
        ? cursorLines(readers.engine, table)
        : linesByOrganization(readers.app, table, organizations),
    sequences: () => postgresSequences(owner, tables),
  };
}

/** @throws when neither role may read a table: then a backup would be silently without it. */
async function readersOf(
  owner: pg.Client,
  { engine, app }: Settings,
  tables: readonly TableShape[],
): Promise<Map<string, Reader>> {
  const roles = new Map<string, Reader>();
  for (const table of tables) {
    const { rows } = await owner.query(
      `select has_table_privilege($1, $3, 'select') as engine, has_table_privilege($2, $3, 'select') as app`,
      [engine.user, app.user, `public.${table.name}`],
    );
    const may = rows[0] as Record<Reader, boolean>;
    if (may.engine) roles.set(table.name, 'engine');
    else if (may.app && ownerColumn(table) !== null) roles.set(table.name, 'app');
    else
      throw new Error(
        `The table ${table.name} can be read by neither ${engine.user} nor ${app.user}.`,
      );
  }
  return roles;
}

async function* linesByOrganization(
  app: pg.Client,
  table: TableShape,
  organizations: readonly string[],
): AsyncGenerator<readonly string[]> {
  for (const organization of organizations) {
    await app.query(`select set_config('app.org', $1, true)`, [organization]);
    yield* cursorLines(app, table);
  }
}
