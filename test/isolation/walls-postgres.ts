// Postgres: the wall under test is row-level security, with the predicate taken out of the statement. The
// truth is the statement as the neighbour would send it, read by the superuser, so by the predicate alone.

import pg from 'pg';
import { postgresCluster } from '../support/postgres-database.ts';
import type { DatabaseSettings } from '../../server/platform/database/connect.ts';
import type { RecordedStatement } from './recorded-statement.ts';
import { asNeighbour, isWrite, type Outcome, stripped, toRows, type Walls } from './walls.ts';

type PostgresSettings = Extract<DatabaseSettings, { kind: 'postgres' }>;

interface Parties {
  orgId: string;
  neighbour: string;
  /** Tables of an organization, with the column that names it. */
  owned: readonly { table: string; column: string }[];
}

export async function postgresWalls(settings: PostgresSettings, parties: Parties): Promise<Walls> {
  const { host, port, database } = settings;
  const connect = async (login: { user: string; password: string }): Promise<pg.Client> => {
    const client = new pg.Client({ host, port, database, ...login });
    await client.connect();
    return client;
  };
  const app = await connect(settings.app);
  const superuser = await connect(postgresCluster());
  const bindApp = `select set_config('app.org', '${parties.neighbour}', true)`;
  return {
    truth: (statement) => ask(superuser, asNeighbour(statement, parties.neighbour), {}),
    behindNothing: (statement) => ask(superuser, strip(statement), {}),
    behindWall: async (statement) => {
      const found = await ask(app, strip(statement), { before: bindApp });
      if (!isWrite(statement.text)) return found;
      // The app cannot see what it must not touch; the superuser looks, in the same transaction.
      return ask(superuser, strip(statement), {
        before: `set local role "${settings.app.user}"; ${bindApp}`,
        after: 'reset role',
        foreign: parties,
      });
    },
    close: async () => {
      await app.end();
      await superuser.end();
    },
  };
}

function strip(statement: RecordedStatement): RecordedStatement {
  return { ...statement, text: stripped(statement.text) };
}

async function ask(
  client: pg.Client,
  { text, params }: RecordedStatement,
  { before, after, foreign }: { before?: string; after?: string; foreign?: Parties },
): Promise<Outcome> {
  await client.query('begin');
  try {
    const counted = foreign === undefined ? 0 : await countForeign(client, foreign);
    if (before !== undefined) await client.query(before);
    const result = await client.query(text, [...params]);
    if (after !== undefined) await client.query(after);
    const foreignTouched =
      foreign === undefined
        ? 0
        : (await countWritten(client, foreign)) + counted - (await countForeign(client, foreign));
    return {
      rows: toRows(text, result.rows),
      touched: isWrite(text) ? (result.rowCount ?? 0) : 0,
      foreignTouched,
      refused: null,
    };
  } catch (error) {
    const { code } = error as { code?: string };
    // Only an answer of the database about rows; a statement it cannot run would show nothing.
    if (code === undefined || !/^(21|23|42501)/.test(code)) throw error;
    return { rows: [], touched: 0, foreignTouched: 0, refused: code };
  } finally {
    await client.query('rollback');
  }
}

function countForeign(client: pg.Client, { orgId, owned }: Parties): Promise<number> {
  const counts = owned.map(
    ({ table, column }) => `(select count(*) from ${table} where ${column} = '${orgId}')`,
  );
  return sum(client, counts);
}

function countWritten(client: pg.Client, { orgId, owned }: Parties): Promise<number> {
  const counts = owned.map(
    ({ table, column }) =>
      `(select count(*) from ${table} where ${column} = '${orgId}' and xmin = pg_current_xact_id()::xid)`,
  );
  return sum(client, counts);
}

async function sum(client: pg.Client, counts: readonly string[]): Promise<number> {
  const result = await client.query<{ n: string }>(`select ${counts.join(' + ')} as n`);
  return Number(result.rows[0]?.n);
}
