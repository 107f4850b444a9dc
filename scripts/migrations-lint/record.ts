// What a migration really sends: its up or down run against knex with no database behind it. The one question
// that migrations ask (the name of an identity column's sequence) is answered as Postgres would; any other
// is recorded like the rest and left without rows.

import knex, { type Knex } from 'knex';

export interface RecordedMigration {
  name: string;
  up(knex: Knex): Promise<void>;
  down(knex: Knex): Promise<void>;
  config?: { transaction: boolean };
}

export type Dialect = 'postgres' | 'sqlite';

export const RECORDED_ROLES = { app: 'role_app', engine: 'role_engine' } as const;

const CLIENTS: Record<Dialect, string> = { postgres: 'pg', sqlite: 'better-sqlite3' };

interface Sent {
  sql: string;
  response?: unknown;
}

export async function record(
  dialect: Dialect,
  change: (knex: Knex) => Promise<void>,
): Promise<readonly string[]> {
  const connection = knex({ client: CLIENTS[dialect], useNullAsDefault: true });
  const said: string[] = [];
  Object.assign(connection.client as object, {
    acquireConnection: async () => ({ __knexUid: 'recorder' }),
    releaseConnection: async () => undefined,
    processResponse: (sent: Sent) => sent.response,
    _query: async (_connection: unknown, sent: Sent) => {
      const rows = sequencesOf(sent.sql, said);
      if (rows === null) said.push(sent.sql);
      sent.response = { rows: rows ?? [], rowCount: 0, command: '' };
      return sent;
    },
  });
  await change(connection.withUserParams({ roles: RECORDED_ROLES }));
  return said;
}

function sequencesOf(sql: string, said: readonly string[]): { name: string }[] | null {
  const table = /^\s*select pg_get_serial_sequence\('(\w+)', column_name\)/.exec(sql)?.[1];
  if (table === undefined) return null;
  const made = said.find((statement) => statement.startsWith(`create table ${table} `)) ?? '';
  return [...made.matchAll(/(\w+) bigint generated (?:by default|always) as identity/g)].map(
    ([, column]) => ({ name: `public.${table}_${column}_seq` }),
  );
}
