// Judges every migration that is not released yet, in order, by what it sends on Postgres. Needs no database.

import { isContract } from '../../server/platform/database/schema-version.ts';
import { type Catalog, learn } from './catalog.ts';
import { statementsOf } from './normalise.ts';
import { record, type RecordedMigration } from './record.ts';
import { brokenSeals, type ReleasedMigration } from './released.ts';
import type { Judged, Rule } from './rule.ts';
import { BREAKING } from './rules-breaking.ts';
import { FORM, NOT_JUDGED, notJudged } from './rules-form.ts';
import { LOCKING } from './rules-locking.ts';
import { type Statement, toStatement } from './statement.ts';

export interface Finding {
  migration: string;
  rule: Omit<Rule, 'find'>;
  /** Each statement once, however often it is refused. */
  statements: readonly string[];
}

export interface Verdict {
  findings: readonly Finding[];
  /** Names, order, seals: sentences of their own. */
  history: readonly string[];
}

const NAME = /^\d{4}[-_][a-z0-9_-]+$/;

export const RULES: readonly Rule[] = [...BREAKING, ...LOCKING, ...FORM];

export async function lintMigrations(
  migrations: readonly RecordedMigration[],
  released: readonly ReleasedMigration[],
): Promise<Verdict> {
  const names = new Set(released.map(({ name }) => name));
  const catalog: Catalog = new Map();
  const findings: Finding[] = [];
  for (const migration of migrations) {
    const up = await statements(migration.up);
    if (!names.has(migration.name)) {
      const down = await statements(migration.down);
      const isTransaction = migration.config?.transaction ?? true;
      const { name } = migration;
      findings.push(...judge({ name, up, down, isTransaction, before: catalog, released: names }));
    }
    for (const statement of up) learn(catalog, migration.name, statement);
  }
  return {
    findings,
    history: [...order(migrations), ...(await brokenSeals(released, migrations))],
  };
}

function judge(judged: Judged): Finding[] {
  const known = new Set<Statement>();
  const findings: Finding[] = [];
  for (const { find, ...rule } of RULES) {
    const found = find(judged);
    for (const statement of found) known.add(statement);
    if (found.length === 0 || (isContract(judged.name) && rule.holds === 'expand')) continue;
    findings.push({ migration: judged.name, rule, statements: textsOf(found) });
  }
  const unknown = notJudged(judged).filter((statement) => !known.has(statement));
  if (unknown.length > 0) {
    findings.push({ migration: judged.name, rule: NOT_JUDGED, statements: textsOf(unknown) });
  }
  return findings;
}

async function statements(change: RecordedMigration['up']): Promise<Statement[]> {
  const sent = await record('postgres', change);
  return sent.flatMap(statementsOf).map(toStatement);
}

function order(migrations: readonly RecordedMigration[]): string[] {
  const found: string[] = [];
  for (const [index, { name }] of migrations.entries()) {
    if (!NAME.test(name))
      found.push(`${name}: expected four digits and words, as 0010-what-it-adds.`);
    const before = migrations[index - 1]?.name ?? '';
    if (name.slice(0, 4) <= before.slice(0, 4)) {
      found.push(`${name}: expected a number above that of ${before}: versions compare by name.`);
    }
  }
  return found;
}

function textsOf(found: readonly Statement[]): string[] {
  return [...new Set(found.map(({ text }) => text))];
}
