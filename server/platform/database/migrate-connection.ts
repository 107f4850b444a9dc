// The connection that changes the schema: the file's owner on SQLite, the owner role on Postgres. Migrations
// are written for knex and find the names of the two serving roles in its `userParams`.

import knex, { type Knex } from 'knex';
import type { DatabaseSettings } from './connect.ts';

export async function withKnex<T>(
  settings: DatabaseSettings,
  work: (connection: Knex) => Promise<T>,
): Promise<T> {
  const connection = open(settings);
  try {
    return await work(connection);
  } finally {
    await connection.destroy();
  }
}

function open(settings: DatabaseSettings): Knex {
  if (settings.kind === 'sqlite') {
    return knex({
      client: 'better-sqlite3',
      connection: { filename: settings.file },
      useNullAsDefault: true,
      pool: {
        afterCreate: (raw: { pragma(text: string): unknown }, done: (error?: Error) => void) => {
          raw.pragma('journal_mode = wal');
          raw.pragma(`synchronous = ${settings.synchronous}`);
          raw.pragma('busy_timeout = 5000');
          raw.pragma('foreign_keys = on');
          done();
        },
      },
    });
  }
  const { host, port, database, owner, ssl } = settings;
  const login = { host, port, database, user: owner.user, password: owner.password };
  const connection = { ...login, ...(ssl === undefined ? {} : { ssl }) };
  return knex({ client: 'pg', connection }).withUserParams({
    roles: { app: settings.app.user, engine: settings.engine.user },
  });
}
