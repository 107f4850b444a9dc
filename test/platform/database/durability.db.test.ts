import { describe, expect, test } from '@jest/globals';
import {
  connectDatabases,
  type DatabaseSettings,
} from '../../../server/platform/database/connect.ts';
import type { Databases } from '../../../server/platform/database/database.ts';
import { assertDurable } from '../../../server/platform/database/durability.ts';
import { useTestDatabase } from '../../support/database.ts';
import { postgresCluster } from '../../support/postgres-database.ts';
import { realTimers } from '../../support/world.ts';

const database = useTestDatabase();

/** The same database, opened by somebody who weakens it for real. */
function weakened(settings: DatabaseSettings): DatabaseSettings {
  if (settings.kind === 'sqlite') return { ...settings, synchronous: 'OFF' as never };
  const { user, password } = postgresCluster();
  return { ...settings, app: { user, password, connectionsMax: 2 } };
}

function reporting(facts: Record<string, string>): Databases {
  return { durability: async () => [facts] } as unknown as Databases;
}

describe('assertDurable', () => {
  test('accepts every live connection of the database as it is opened', async () => {
    const connections = await database.databases().durability();
    expect(connections).toHaveLength(2);
    await expect(assertDurable(database.databases())).resolves.toBeUndefined();
  });

  test('refuses a database that is really opened in a weaker way', async () => {
    const world = { timers: realTimers() };
    const opened = connectDatabases(weakened(database.database().settings), world);
    await expect(assertDurable(opened)).rejects.toThrow(
      /expected (synchronous FULL or EXTRA, found OFF|bypasses_row_security false, found true)/,
    );
    await opened.close();
  });

  test.each([
    ['synchronous', { journal_mode: 'wal', synchronous: 'OFF', foreign_keys: '1' }],
    ['synchronous', { journal_mode: 'wal', synchronous: 'NORMAL', foreign_keys: '1' }],
    ['journal_mode', { journal_mode: 'memory', synchronous: 'FULL', foreign_keys: '1' }],
    ['foreign_keys', { journal_mode: 'wal', synchronous: 'FULL', foreign_keys: '0' }],
  ])('refuses SQLite with a weak %s', async (name, facts) => {
    await expect(assertDurable(reporting(facts))).rejects.toThrow(`expected ${name}`);
  });

  test.each(['synchronous_commit', 'fsync', 'full_page_writes', 'bypasses_row_security'])(
    'refuses Postgres with a weak %s',
    async (name) => {
      const facts = {
        role: 'app',
        synchronous_commit: 'on',
        fsync: 'on',
        full_page_writes: 'on',
        bypasses_row_security: 'false',
      };
      await expect(assertDurable(reporting(facts))).resolves.toBeUndefined();
      const weak = { ...facts, [name]: name === 'bypasses_row_security' ? 'true' : 'off' };
      await expect(assertDurable(reporting(weak))).rejects.toThrow(`app: expected ${name}`);
    },
  );

  test('refuses a database that does not say', async () => {
    await expect(assertDurable(reporting({}))).rejects.toThrow('found none');
    const silent = { durability: async () => [] } as unknown as Databases;
    await expect(assertDurable(silent)).rejects.toThrow('no connection');
  });
});
