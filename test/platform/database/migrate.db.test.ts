import { beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import type { Knex } from 'knex';
import { MIGRATIONS } from '../../../migrations/index.ts';
import {
  migrateDown,
  migrateUp,
  migrationDrift,
  type MigrationStep,
} from '../../../server/platform/database/migrate.ts';
import { LOCK_TIMEOUT_MS } from '../../../server/platform/database/migrate-step.ts';
import { useTestDatabase } from '../../support/database.ts';
import { type SchemaTable, type SchemaView, viewSchema } from '../../support/schema.ts';

const database = useTestDatabase({ migrated: false });
const settings = (): Parameters<typeof migrateUp>[0] => database.database().settings;
let view: SchemaView;
beforeAll(async () => {
  view = await viewSchema(database.database());
});

const names = MIGRATIONS.map((migration) => migration.name);

const sql =
  (...statements: readonly string[]) =>
  async (knex: Knex): Promise<void> => {
    for (const statement of statements) await knex.raw(statement);
  };

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

  test('one that fails is rolled back whole and named, and those before it stay', async () => {
    await migrateUp(settings(), MIGRATIONS);
    const good = {
      name: '9001-good',
      up: sql('create table good (id text)'),
      down: sql('drop table good'),
    };
    const bad = {
      name: '9002-bad',
      up: sql('create table bad (id text)', 'nonsense'),
      down: sql(),
    };
    const next = [...MIGRATIONS, good, bad];
    await expect(migrateUp(settings(), next)).rejects.toThrow(
      /The migration 9002-bad failed and changed nothing: .*nonsense/,
    );
    const tables = (await view.tables()).map(({ name }) => name);
    expect([tables.includes('good'), tables.includes('bad')]).toEqual([true, false]);
    expect(await migrateDown(settings(), next)).toEqual(['9001-good']);
  });

  test('one that finds its table held tries again until it is free', async () => {
    const alters: MigrationStep = {
      name: '9001-alters',
      up: sql('alter table person add column note text'),
      down: sql('alter table person drop column note'),
    };
    await migrateUp(settings(), MIGRATIONS);
    const { kind } = database.database();
    await view.run(kind === 'sqlite' ? 'begin immediate' : 'begin');
    await view.run('select id from person');
    const migrated = migrateUp(settings(), [...MIGRATIONS, alters]);
    // Longer than one try waits: it must have given way and come back.
    await Promise.race([migrated, setTimeout(3 * LOCK_TIMEOUT_MS)]);
    expect((await migrationDrift(settings(), MIGRATIONS)).unknown).toEqual([]);
    await view.run('commit');
    expect((await migrated).applied).toEqual(['9001-alters']);
    await migrateDown(settings(), [...MIGRATIONS, alters]);
  });

  test('two servers that start at once both find the newest schema', async () => {
    await migrateDown(settings(), MIGRATIONS, { all: true });
    const reports = await Promise.all([1, 2].map(() => migrateUp(settings(), MIGRATIONS)));
    const applied = reports.map((report) => report.applied.length);
    expect(new Set(applied)).toEqual(new Set([0, names.length]));
    expect((await migrationDrift(settings(), MIGRATIONS)).missing).toEqual([]);
  });
});
