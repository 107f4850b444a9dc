// What breaks a server of an older version that goes on running, or comes back, on the new schema.

import { addedColumn, type Column } from './catalog.ts';
import { alters, isNewTable, type Judged, onTablesInUse, type Rule } from './rule.ts';
import { insideOf, type Statement } from './statement.ts';

const CONTRACT =
  'Stop using it in this release; take it away in a migration with `_contract_` in its name, in a release after which nobody goes back to this one.';

export const BREAKING: readonly Rule[] = [
  {
    id: 'drop-table',
    holds: 'expand',
    refuses: 'drops a table',
    why: 'An older version reads and writes it.',
    remedy: CONTRACT,
    find: ({ up }) => up.filter(({ kind }) => kind === 'drop table'),
  },
  {
    id: 'drop-column',
    holds: 'expand',
    refuses: 'drops a column',
    why: 'An older version names it in its statements.',
    remedy: CONTRACT,
    find: (judged) =>
      alters(judged, /^drop (?!constraint)(column )?(if exists )?\S+( cascade| restrict)?$/),
  },
  {
    id: 'rename',
    holds: 'expand',
    refuses: 'renames a table or a column',
    why: 'An older version knows the old name only.',
    remedy: `Add the new one beside it, write both, read the new one, then take the old one away. ${CONTRACT}`,
    find: (judged) => alters(judged, /^(rename|set schema) /),
  },
  {
    id: 'change-type',
    holds: 'always',
    refuses: "changes a column's type",
    why: 'The table is rewritten while everybody waits, and an older version writes the old type.',
    remedy: 'Add a column of the new type, write both, copy in lots while serving, then switch.',
    find: (judged) => alters(judged, /^alter (column )?\S+ (set data )?type /),
  },
  {
    id: 'required-column',
    holds: 'always',
    refuses: 'adds a column that must not be null and has no default',
    why: 'It fails on a table with rows, and an older version inserts rows without it.',
    remedy: 'Let it be null, or give it a constant default.',
    find: (judged) =>
      alters(judged, /^add (?!constraint)(?=.* not null)(?!.* default )(?!.*generated )/),
  },
  {
    id: 'narrower-rows',
    holds: 'expand',
    refuses: 'refuses rows that an older version writes',
    why: 'A unique index, a key, a check or not null on columns that released versions fill is a rule they do not know.',
    remedy:
      'Put a new column under the rule (`check (new_column is null or …)`), or do it in a `_contract_` migration once no older version writes.',
    find: narrowing,
  },
  {
    id: 'drop-constraint-or-index',
    holds: 'expand',
    refuses: 'drops a constraint or an index',
    why: 'An older version may lean on it: `on conflict` fails without its unique index, a query without its index takes a second.',
    remedy: CONTRACT,
    find: (judged) => [
      ...alters(judged, /^drop constraint /),
      ...judged.up.filter(({ kind, text }) => kind === 'drop index' && !isMadeAgain(judged, text)),
    ],
  },
  {
    id: 'alter-type',
    holds: 'always',
    refuses: 'makes or changes a type or an enum',
    why: 'An older version does not know the new value, and values of an enum can never be taken away.',
    remedy: 'Use text, checked by the code that writes it.',
    find: ({ up }) => up.filter(({ kind }) => kind === 'type'),
  },
  {
    id: 'row-security',
    holds: 'always',
    refuses: 'changes the row-level security of a table in use',
    why: 'Narrower hides rows from an older version, wider shows them to the wrong organization.',
    remedy: 'Security is laid down with the table (`createTable`) and stays; make a new table.',
    find: (judged) => [
      ...onTablesInUse(judged).filter(({ kind }) => kind === 'policy'),
      ...alters(judged, /row level security$/),
    ],
  },
  {
    id: 'revoke',
    holds: 'expand',
    refuses: 'takes a privilege from a serving role',
    why: 'An older version uses it.',
    remedy: CONTRACT,
    find: ({ up }) => up.filter(({ kind }) => kind === 'revoke'),
  },
];

/** `drop index if exists x` before `create index x` in one migration: what a killed run left. */
function isMadeAgain({ up }: Judged, drop: string): boolean {
  const name = drop.split(' ').at(-1) ?? '';
  return up.some(({ kind, text }) => kind === 'create index' && text.includes(` ${name} on `));
}

function narrowing(judged: Judged): readonly Statement[] {
  return onTablesInUse(judged).filter((statement) => {
    const table = judged.before.get(statement.table ?? '');
    if (table === undefined || isNewTable(judged, statement.table)) return false;
    if (!judged.released.has(table.since)) return false;
    // Columns that no released version knows, those of this migration included.
    const fresh = new Map<string, Column>(
      [...table.columns].filter(([, { since }]) => !judged.released.has(since)),
    );
    for (const part of statement.parts) {
      const added = addedColumn(part)?.split(' ')[0];
      const hasDefault = / default /.test(part);
      if (added !== undefined) fresh.set(added, { name: added, since: judged.name, hasDefault });
    }
    if (statement.kind === 'create index') {
      return statement.text.startsWith('create unique ') && !names(statement.text, fresh);
    }
    return statement.parts.some((part) => isNarrower(part, fresh));
  });
}

function isNarrower(part: string, fresh: ReadonlyMap<string, Column>): boolean {
  const required = /^alter (?:column )?(\S+) set not null/.exec(part)?.[1];
  if (required !== undefined) return fresh.get(required)?.hasDefault !== true;
  const rule = /^add (?:constraint \S+ )?(unique|primary key|foreign key|check|exclude)\b/.exec(
    part,
  )?.[1];
  if (rule === undefined || / using index /.test(part)) return false;
  if (rule === 'primary key' || rule === 'exclude') return true;
  if (rule !== 'check') return !names(part, fresh);
  const spared = /check ?\(+(\S+) is null or /.exec(part)?.[1];
  return spared === undefined || !fresh.has(spared);
}

/** Whether the first list in parentheses has one of them: then rows without it are not compared. */
function names(text: string, fresh: ReadonlyMap<string, Column>): boolean {
  const list = insideOf(text, text.indexOf('('));
  return list.split(/\W+/).some((word) => fresh.has(word) && fresh.get(word)?.hasDefault !== true);
}
