import { describe, expect, test } from '@jest/globals';
import { MIGRATIONS } from '../../../migrations/index.ts';
import {
  migrateDown,
  migrateUp,
  type MigrationStep,
} from '../../../server/platform/database/migrate.ts';
import { assertSchema } from '../../../server/platform/database/schema-version.ts';
import { useTestDatabase } from '../../support/database.ts';

const database = useTestDatabase({ migrated: false });
const settings = (): Parameters<typeof migrateUp>[0] => database.database().settings;
const names = MIGRATIONS.map(({ name }) => name);
const warnings: object[] = [];
const log = { warn: (fields: object): void => void warnings.push(fields) };
const looked = (expected: readonly string[]): Promise<void> =>
  assertSchema(database.databases(), expected, log);
/** Any change that only a newer version makes. */
const newer = (name: string): MigrationStep => ({
  name,
  up: async (knex) => void (await knex.raw('create table newer (id text)')),
  down: async (knex) => void (await knex.raw('drop table newer')),
});

describe('a server that starts', () => {
  test('on a database that nobody has migrated says what to do', async () => {
    await expect(looked(names)).rejects.toThrow(/no list of migrations.*role migrate/);
  });

  test('on the schema of its own version goes on', async () => {
    await migrateUp(settings(), MIGRATIONS);
    await expect(looked(names)).resolves.toBeUndefined();
  });

  test('before a migration names what is missing, and the remedy', async () => {
    await migrateDown(settings(), MIGRATIONS);
    const last = names.at(-1) ?? '';
    await expect(looked(names)).rejects.toThrow(
      `lacks the migrations ${last}. Run the role migrate`,
    );
    await migrateUp(settings(), MIGRATIONS);
  });

  test('after an upgrade that only expanded serves, and says in its log what it does not know', async () => {
    const next = [...MIGRATIONS, newer('9001-expands')];
    await migrateUp(settings(), next);
    await expect(looked(names)).resolves.toBeUndefined();
    expect(warnings).toEqual([{ newer: ['9001-expands'] }]);
    expect(await migrateUp(settings(), MIGRATIONS)).toEqual({
      applied: [],
      current: '9001-expands',
      newer: ['9001-expands'],
    });
    await migrateDown(settings(), next);
  });

  test('takes nothing back under a newer version', async () => {
    const next = [...MIGRATIONS, newer('9001-expands')];
    await migrateUp(settings(), next);
    for (const all of [false, true]) {
      await expect(migrateDown(settings(), MIGRATIONS, { all })).rejects.toThrow(
        'does not know 9001-expands. Take them back with the version that made them.',
      );
    }
    expect(await migrateDown(settings(), next)).toEqual(['9001-expands']);
  });

  test('after an upgrade that took something away names it, also when it would migrate itself', async () => {
    const next = [...MIGRATIONS, newer('9001_contract_takes')];
    await migrateUp(settings(), next);
    const words = 'took away what this one needs: 9001_contract_takes. Start the version';
    await expect(looked(names)).rejects.toThrow(words);
    await expect(migrateUp(settings(), MIGRATIONS)).rejects.toThrow(words);
    await migrateDown(settings(), next);
    await expect(looked(names)).resolves.toBeUndefined();
  });

  test('on another line of history refuses, whether it lacks something or not', async () => {
    const first = names[0] ?? '';
    await expect(looked(names.slice(1))).rejects.toThrow(
      `neither older nor newer than this build: it has ${first}.`,
    );
    await migrateUp(settings(), [...MIGRATIONS, newer('9001-theirs')]);
    await expect(migrateUp(settings(), [...MIGRATIONS, newer('9000-ours')])).rejects.toThrow(
      'it has 9001-theirs and lacks 9000-ours.',
    );
    await migrateDown(settings(), [...MIGRATIONS, newer('9001-theirs')]);
  });
});
