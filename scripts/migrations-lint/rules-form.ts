// What every migration must have, and what the linter cannot judge and therefore does not let through.

import { RECORDED_ROLES } from './record.ts';
import { isNewTable, type Judged, type Rule } from './rule.ts';
import type { Statement } from './statement.ts';
import { SYSTEM_TABLES } from './system-tables.ts';

const SERVING: ReadonlySet<string> = new Set(Object.values(RECORDED_ROLES));
const SAFE_ACTIONS: readonly RegExp[] = [
  /^add (?!constraint)/,
  /^add constraint \S+ .* not valid$/,
  /^add constraint \S+ (unique|primary key) using index \S+$/,
  /^validate constraint \S+$/,
  /^alter (column )?\S+ (set default (''|-?\d+|true|false|null)|drop default|set statistics \d+|set not null)$/,
  /^set \(.*\)$/,
];

export const FORM: readonly Rule[] = [
  {
    id: 'table-without-row-security',
    holds: 'always',
    refuses: 'makes a table without row-level security',
    why: 'It is the second wall between organizations: enabled, forced and with a policy.',
    remedy:
      "`createTable` with `owner: 'organization'`. A table of the system is listed in scripts/migrations-lint/system-tables.ts and test/platform/database/tenancy.db.test.ts.",
    find: (judged) =>
      judged.up.filter(
        ({ kind, table }) =>
          kind === 'create table' && !SYSTEM_TABLES.has(table ?? '') && !isSecured(judged, table),
      ),
  },
  {
    id: 'grant-to-stranger',
    holds: 'always',
    refuses: 'grants something to anybody but the two serving roles',
    why: 'Who else may read is no business of a release.',
    remedy: '`createTable` with `app` and `engine`, or `grantToApp`.',
    find: ({ up }) =>
      up.filter(
        ({ kind, text }) => kind === 'grant' && !grantees(text).every((to) => SERVING.has(to)),
      ),
  },
  {
    id: 'no-way-back',
    holds: 'always',
    refuses: 'has no `down` that undoes it',
    why: 'A rehearsal and a developer take the newest migration back.',
    remedy: 'Undo what `up` does, in the opposite order.',
    find: ({ up, down }) => (down.length === 0 ? up.slice(0, 1) : []),
  },
  {
    id: 'depends-on-data',
    holds: 'always',
    refuses: 'reads before it acts',
    why: 'What it then does depends on data that this check does not have.',
    remedy: 'Say what it does without asking.',
    find: ({ up }) => up.filter(({ kind }) => kind === 'read'),
  },
];

/** Last: whatever no rule knows. */
export function notJudged(judged: Judged): readonly Statement[] {
  return judged.up.filter((statement) => !isSafe(judged, statement));
}

export const NOT_JUDGED: Omit<Rule, 'find'> = {
  id: 'not-judged',
  holds: 'always',
  refuses: 'does something that no rule knows',
  why: 'What has not been judged may lock or break anything.',
  remedy:
    'Say it in another way, or teach the linter about it first: a rule, or a line among the safe actions, with its test.',
};

function isSafe(judged: Judged, { kind, table, parts, text }: Statement): boolean {
  const isNew = isNewTable(judged, table);
  switch (kind) {
    case 'create table':
      return !/\) as /.test(text);
    case 'alter table':
      return isNew || parts.every((part) => SAFE_ACTIONS.some((action) => action.test(part)));
    case 'policy':
      return isNew;
    case 'create index':
    case 'drop index':
    case 'grant':
    case 'comment':
      return true;
    case 'insert':
    case 'change rows':
      return SYSTEM_TABLES.has(table ?? '');
    default:
      return false;
  }
}

function isSecured({ up }: Judged, table: string | null): boolean {
  const said = (wanted: RegExp): boolean =>
    up.some((statement) => statement.table === table && wanted.test(statement.text));
  return (
    said(/ enable row level security$/) &&
    said(/ force row level security$/) &&
    said(/^create policy /)
  );
}

function grantees(text: string): string[] {
  const list = / to (.+?)( with grant option)?$/.exec(text)?.[1] ?? '';
  return list.split(',').map((each) => each.trim());
}
