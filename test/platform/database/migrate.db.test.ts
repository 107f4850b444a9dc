import { beforeAll, describe, expect, test } from '@jest/globals';
import { MIGRATIONS } from '../../../migrations/index.ts';
import {
  migrateDown,
  migrateUp,
  migrationDrift,
} from '../../../server/platform/database/migrate.ts';
import { useTestDatabase } from '../../support/database.ts';
import { type SchemaTable, type SchemaView, viewSchema } from '../../support/schema.ts';

const database = useTestDatabase({ migrated: false });
const settings = (): Parameters<typeof migrateUp>[0] => database.database().settings;
let view: SchemaView;
beforeAll(async () => {
  view = await viewSchema(database.database());
});

const names = MIGRATIONS.map((migration) => migration.name);

/** Every id is `x` and every number 1, so every foreign key of a first row finds its row. */
async function fill(tables: readonly SchemaTable[]): Promise<void> {
  let waiting = [...tables];
  while (waiting.length > 0) {
    const refused: SchemaTable[] = [];
    for (const table of waiting) {
      const row = Object.fromEntries(
        table.columns.map(({ name, kind }) => [
          name,
          kind === 'text' ? 'x' : kind === 'integer' ? 1 : Buffer.from('x'),
        ]),
      );
      await view.insert(table.name, row).catch((error: Error) => {
        if (!/foreign key/i.test(error.message)) throw error;
        refused.push(table);
      });
    }
    if (refused.length === waiting.length) {
      throw new Error(`No order fills ${refused.map((table) => table.name).join(', ')}.`);
    }
    waiting = refused;
  }
}

describe('migrations', () => {
  test('go up, down and up again with a row in every table, and end where they began', async () => {
    expect((await migrateUp(settings(), MIGRATIONS)).applied).toEqual(names);
    const first = await view.tables();
    await fill(first);
    for (const { name } of first) {
      const rows = await view.run(`select count(*) as rows from ${name}`);
      expect([name, Number(rows[0]?.['rows'])]).toEqual([name, 1]);
    }
    const down = await migrateDown(settings(), MIGRATIONS, { all: true });
    expect(down).toEqual(names.toReversed());
    expect(await view.tables()).toEqual([]);
    await migrateUp(settings(), MIGRATIONS);
    expect(await view.tables()).toEqual(first);
  });

  test('one step down takes back the newest only, with its rows', async () => {
    await migrateUp(settings(), MIGRATIONS);
    await fill(await view.tables());
    const taken = await migrateDown(settings(), MIGRATIONS);
    expect(taken).toEqual([names.at(-1)]);
    const drift = await migrationDrift(settings(), MIGRATIONS);
    expect(drift).toEqual({ missing: [names.at(-1)], unknown: [] });
    await migrateUp(settings(), MIGRATIONS);
    expect((await migrationDrift(settings(), MIGRATIONS)).missing).toEqual([]);
  });

  test('a mark that a killed migrator left keeps nobody waiting', async () => {
    await migrateUp(settings(), MIGRATIONS);
    await view.run('update knex_migrations_lock set is_locked = 1');
    await migrateDown(settings(), MIGRATIONS);
    expect((await migrateUp(settings(), MIGRATIONS)).applied).toEqual([names.at(-1)]);
  });

  test('two servers that start at once both find the newest schema', async () => {
    await migrateDown(settings(), MIGRATIONS, { all: true });
    const reports = await Promise.all([1, 2].map(() => migrateUp(settings(), MIGRATIONS)));
    const applied = reports.map((report) => report.applied.length);
    expect(new Set(applied)).toEqual(new Set([0, names.length]));
    expect((await migrationDrift(settings(), MIGRATIONS)).missing).toEqual([]);
  });
});
