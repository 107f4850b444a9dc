// The checks of Postgres against a real one, with the logins of the server; on SQLite the real file.

import { describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { DatabaseSettings } from '../../../server/platform/database/connect.ts';
import { openTestDatabase, useTestDatabase } from '../../support/database.ts';
import { postgresCluster } from '../../support/postgres-database.ts';
import { type Case, look } from './machine.ts';

const here = useTestDatabase();

describe('the database of an appliance', () => {
  test('is right in every respect', async () => {
    const { settings } = here.database();
    const given = { settings: written(settings) };
    const ids =
      settings.kind === 'sqlite'
        ? ['database-intact', 'schema-known']
        : [
            'postgres-login',
            'postgres-version',
            'postgres-roles',
            'postgres-owner',
            'postgres-encoding',
            'postgres-durability',
            'postgres-connections',
            'postgres-tls',
            'schema-known',
          ];
    for (const id of ids) {
      expect({ id, ...(await look(id, given)) }).toMatchObject({ id, outcome: 'pass' });
    }
  });

  test('is refused when its history is not this release’s, and taken when a newer one only expanded it', async () => {
    const own = await openTestDatabase();
    const given: Case = {
      settings: written(own.settings),
      context: {
        release: {
          version: '0.0.1',
          root: '.',
          migrations: ['0001-access-and-events', '0099-own'],
        },
      },
    };
    expect(await look('schema-known', given)).toMatchObject({
      outcome: 'fail',
      found: expect.stringMatching(/neither older nor newer.* 0002-outbox-and-inbox/),
    });
    const older = { version: '0.0.1', root: '.', migrations: ['0001-access-and-events'] };
    expect(await look('schema-known', { ...given, context: { release: older } })).toMatchObject({
      outcome: 'pass',
      found: expect.stringMatching(/a newer release added 0002-outbox-and-inbox/),
    });
    await own.close();
  });

  test('says which login does not work, and why', async () => {
    const { settings } = here.database();
    if (settings.kind === 'sqlite') {
      const given = { settings: { 'database.sqlite.file': '/dev/null/no' } };
      expect((await look('database-intact', given)).outcome).toBe('skip');
      return;
    }
    const wrong = { ...written(settings), 'database.postgres.app_user': 'nobody_at_all' };
    expect((await look('postgres-login', { settings: wrong })).found).toMatch(/^app: /);
    const elsewhere = { ...written(settings), 'database.postgres.port': '1' };
    expect((await look('postgres-login', { settings: elsewhere })).found).toMatch(
      /app: nothing listens there; engine: nothing listens there/,
    );
  });

  test('a superuser as app role is refused', async () => {
    const { settings } = here.database();
    if (settings.kind === 'sqlite') {
      expect((await look('postgres-roles', {})).outcome).toBe('skip');
      return;
    }
    const name = `super_${process.pid}`;
    await asSuperuser(`create role ${name} superuser login password 'test'`);
    try {
      const given = { ...written(settings), 'database.postgres.app_user': name };
      expect((await look('postgres-roles', { settings: given })).found).toBe(
        `${name} is a superuser`,
      );
    } finally {
      await asSuperuser(`drop role ${name}`);
    }
  });

  test('the server asks for durable commits itself, whatever the default of the database', async () => {
    const { settings } = here.database();
    if (settings.kind === 'sqlite') {
      expect((await look('postgres-durability', {})).outcome).toBe('skip');
      return;
    }
    await asSuperuser(`alter database ${settings.database} set synchronous_commit = off`);
    try {
      const given = { settings: written(settings) };
      expect((await look('postgres-durability', given)).outcome).toBe('pass');
    } finally {
      await asSuperuser(`alter database ${settings.database} reset synchronous_commit`);
    }
  });
});

function written(settings: DatabaseSettings): Record<string, string> {
  if (settings.kind === 'sqlite') return { 'database.sqlite.file': settings.file };
  const { host, port, database, owner, app, engine } = settings;
  return {
    'database.kind': 'postgres',
    'database.postgres.host': host,
    'database.postgres.port': String(port),
    'database.postgres.name': database,
    'database.postgres.owner_user': owner.user,
    'database.postgres.owner_password': owner.password,
    'database.postgres.app_user': app.user,
    'database.postgres.app_password': app.password,
    'database.postgres.engine_user': engine.user,
    'database.postgres.engine_password': engine.password,
    'database.postgres.tls.mode': 'disable',
  };
}

async function asSuperuser(statement: string): Promise<void> {
  const client = new pg.Client({ ...postgresCluster(), database: 'postgres' });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
