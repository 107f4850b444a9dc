import { describe, expect, test } from '@jest/globals';
import { MIGRATIONS } from '../../../migrations/index.ts';
import { migrateDown, migrateUp } from '../../../server/platform/database/migrate.ts';
import { assertSchema } from '../../../server/platform/database/schema-version.ts';
import { useTestDatabase } from '../../support/database.ts';

const database = useTestDatabase({ migrated: false });
const settings = (): Parameters<typeof migrateUp>[0] => database.database().settings;
const names = MIGRATIONS.map(({ name }) => name);
const looked = (expected: readonly string[]): Promise<void> =>
  assertSchema(database.databases(), expected);

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

  test('after an upgrade names what it does not know, also when it would migrate itself', async () => {
    const older = MIGRATIONS.slice(0, -1);
    const last = names.at(-1) ?? '';
    await expect(looked(older.map(({ name }) => name))).rejects.toThrow(`does not know ${last}.`);
    await expect(migrateUp(settings(), older)).rejects.toThrow(`does not know ${last}.`);
    await expect(looked(names)).resolves.toBeUndefined();
  });
});
