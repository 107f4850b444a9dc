import { beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { MIGRATIONS } from '../../migrations/index.ts';
import { lintMigrations, RULES } from '../../scripts/migrations-lint/lint.ts';
import { withRules } from '../../scripts/migrations-lint/page.ts';
import type { RecordedMigration } from '../../scripts/migrations-lint/record.ts';
import type { ReleasedMigration } from '../../scripts/migrations-lint/released.ts';
import { NOT_JUDGED } from '../../scripts/migrations-lint/rules-form.ts';
import { HISTORY, PLANTS, planted } from './planted.ts';
import { sealed } from './sealed.ts';

let released: readonly ReleasedMigration[] = [];
beforeAll(async () => {
  released = await sealed([HISTORY]);
});

/** The rules that refuse one of these, after the history. */
async function rulesThatRefuse(...more: readonly RecordedMigration[]): Promise<string[]> {
  const { findings } = await lintMigrations([HISTORY, ...more], released);
  return findings.map(({ rule }) => rule.id);
}

const asText = (statements: readonly string[]): string => statements.join('; ');
const refused = PLANTS.flatMap((plant) =>
  plant.refused.map((statements) => [plant.rule, asText(statements), plant, statements] as const),
);
const allowed = PLANTS.flatMap((plant) =>
  plant.allowed.map((statements) => [plant.rule, asText(statements), plant, statements] as const),
);

describe('each rule', () => {
  test('has a migration that it refuses', () => {
    const ids = [...RULES, NOT_JUDGED].map(({ id }) => id);
    expect(PLANTS.map(({ rule }) => rule).toSorted()).toEqual(ids.toSorted());
  });

  test.each(refused)('%s refuses %s', async (rule, _text, { config, noDown }, statements) => {
    const shape = { isTransaction: config?.refused ?? true, hasDown: noDown !== true };
    expect(await rulesThatRefuse(planted('9001-planted', statements, shape))).toContain(rule);
  });

  test.each(allowed)('%s leaves open: %s', async (_rule, _text, { config }, statements) => {
    const shape = { isTransaction: config?.allowed ?? true };
    expect(await rulesThatRefuse(planted('9001-planted', statements, shape))).toEqual([]);
  });
});

describe('a migration that says so in its name', () => {
  test.each([
    'drop table payment',
    'alter table payment drop column status',
    'alter table payment rename column status to state',
    `alter table payment add constraint known check (status in ('a')) not valid`,
    'alter table payment drop constraint payment_pkey',
    'revoke update on payment from "role_app"',
  ])('may take away: %s', async (statement) => {
    expect(await rulesThatRefuse(planted('9001-expands', [statement]))).toHaveLength(1);
    expect(await rulesThatRefuse(planted('9001_contract_takes', [statement]))).toEqual([]);
  });

  test.each(PLANTS.filter(({ rule }) => RULES.find(({ id }) => id === rule)?.holds === 'always'))(
    'still may not: $rule',
    async ({ rule, refused: [statements = []], config, noDown }) => {
      const shape = { isTransaction: config?.refused ?? true, hasDown: noDown !== true };
      const found = await rulesThatRefuse(planted('9001_contract_takes', statements, shape));
      expect(found).toContain(rule);
    },
  );
});

describe('the way in steps', () => {
  test('a column becomes not null over a check, its validation and a release after which old ones are gone', async () => {
    const steps = [
      ['9001_contract_check', 'add constraint full_kind check (status is not null) not valid'],
      ['9002-prove', 'validate constraint full_kind'],
      ['9003_contract_require', 'alter column status set not null'],
    ].map(([name = '', action]) => planted(name, [`alter table payment ${action}`]));
    expect(await rulesThatRefuse(...steps)).toEqual([]);
    expect(await rulesThatRefuse(...steps.filter((_step, index) => index !== 1))).toEqual([
      'not-null-unproven',
    ]);
  });

  test('a column of this release may be put under a rule, one of the last release may not', async () => {
    const column = planted('9001-column', ['alter table payment add column kind text']);
    const index = planted(
      '9002-index',
      ['create unique index concurrently k on payment (org_id, kind)'],
      {
        isTransaction: false,
      },
    );
    expect(await rulesThatRefuse(column, index)).toEqual([]);
    const old = planted(
      '9002-index',
      ['create unique index concurrently k on payment (org_id, status)'],
      {
        isTransaction: false,
      },
    );
    expect(await rulesThatRefuse(column, old)).toEqual(['narrower-rows']);
  });
});

describe('the history of the product', () => {
  test('has nothing to answer for, as if its first four migrations were released', async () => {
    const four = (await sealed(MIGRATIONS)).slice(0, 4);
    expect(await lintMigrations(MIGRATIONS, four)).toEqual({ findings: [], history: [] });
    expect(await lintMigrations(MIGRATIONS, [])).toEqual({ findings: [], history: [] });
  });

  test('is judged by what is sent: an index beside serving servers, not a plain one', async () => {
    const plain = planted('9001-index', ['create index concerns on person (id)']);
    expect(await rulesThatRefuse(plain)).toEqual(['index-in-use']);
  });
});

describe('docs/migrations.md', () => {
  test('has the rules as they are (node scripts/write-migrations-page.ts)', () => {
    const page = readFileSync('docs/migrations.md', 'utf8');
    expect(withRules(page)).toBe(page);
  });
});
