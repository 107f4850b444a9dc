// What makes everybody wait on Postgres: a lock that is held while rows are read or rewritten, or while
// another one is waited for. Tables made in the same migration are nobody's yet and are left alone.

import { alters, type Judged, onTablesInUse, type Rule } from './rule.ts';
import type { Statement } from './statement.ts';
import { SYSTEM_TABLES } from './system-tables.ts';

const CONCURRENTLY = /^(create (unique )?|drop )index concurrently /;
/** A value that is the same for every row, so that none is rewritten. */
const CONSTANT =
  /\bdefault \(?(''|-?\d+(\.\d+)?|true|false|null|now\(\)|current_timestamp)\)?(::[\w ]+)?(?=$| (not null|null|references|check|constraint|collate)\b)/;

export const LOCKING: readonly Rule[] = [
  {
    id: 'rewriting-column',
    holds: 'always',
    refuses: 'adds a column with a default that differs by row, an identity or a generated column',
    why: 'Every row is rewritten while nobody can read the table.',
    remedy: 'Add it without, let the server fill it while it serves.',
    find: (judged) => [
      ...alters(
        judged,
        /^add (?!constraint)(column )?.* (generated (always|by default)|(small|big)?serial\b)/,
      ),
      ...onTablesInUse(judged).filter(
        ({ kind, parts }) =>
          kind === 'alter table' &&
          parts.some(
            (part) =>
              /^add (?!constraint)/.test(part) && / default /.test(part) && !CONSTANT.test(part),
          ),
      ),
    ],
  },
  {
    id: 'index-in-use',
    holds: 'always',
    refuses: 'builds or drops an index of a table in use without `concurrently`',
    why: 'Nobody can write to the table while it is built, nor use it while it is dropped.',
    remedy: '`addIndex` or `dropIndex` of migrations/support.ts, in a migration of its own.',
    find: (judged) => [
      ...onTablesInUse(judged).filter(
        ({ kind, text }) => kind === 'create index' && !CONCURRENTLY.test(text),
      ),
      ...judged.up.filter(({ kind, text }) => kind === 'drop index' && !CONCURRENTLY.test(text)),
    ],
  },
  {
    id: 'key-in-use',
    holds: 'always',
    refuses: 'adds a unique constraint or a primary key to a table in use',
    why: 'Its index is built while nobody can use the table.',
    remedy: 'A unique index by `addIndex`; `add constraint … using index` where a name is needed.',
    find: (judged) =>
      alters(
        judged,
        /^add (?=.*\b(unique|primary key|exclude)\b)(?!.* using index )(?!.*(foreign key|check) ?\()/,
      ),
  },
  {
    id: 'constraint-not-valid',
    holds: 'always',
    refuses: 'adds a foreign key or a check that looks at every row at once',
    why: 'Both tables are locked against writing until the last row was read.',
    remedy: '`add constraint … not valid`, and `validate constraint` in the next migration.',
    find: (judged) => alters(judged, /^add (?=.*\b(references|check)\b)(?!.* not valid$)/),
  },
  {
    id: 'validate-apart',
    holds: 'always',
    refuses: 'validates a constraint in the migration that changes the table',
    why: 'What the change has locked stays locked while every row is read.',
    remedy: '`validate constraint` alone, in the next migration.',
    find: (judged) => alters(judged, /^validate constraint /).filter(() => judged.up.length > 1),
  },
  {
    id: 'not-null-unproven',
    holds: 'always',
    refuses: 'sets not null on a column without a validated check that says so',
    why: 'Postgres reads every row while nobody can use the table; a validated check spares it that.',
    remedy:
      '`add constraint … check (x is not null) not valid`, validate it in the next migration, set not null in the one after.',
    find: (judged) =>
      onTablesInUse(judged).filter(
        ({ kind, table, parts }) =>
          kind === 'alter table' &&
          parts.some((part) => {
            const column = /^alter (?:column )?(\S+) set not null/.exec(part)?.[1];
            const proven = judged.before.get(table ?? '')?.neverNull;
            return column !== undefined && proven?.has(column) !== true;
          }),
      ),
  },
  {
    id: 'two-tables',
    holds: 'always',
    refuses: 'changes two tables in use in one transaction',
    why: 'The first stays locked while the second is waited for, and two such waits can block each other.',
    remedy: 'One migration for each table.',
    find: twoTables,
  },
  {
    id: 'rows-and-schema',
    holds: 'always',
    refuses: 'changes rows and the schema in one migration',
    why: 'What the change of the schema has locked stays locked until the last row is written.',
    remedy: 'Let the server fill the rows in lots while it serves, as a chore of its engine.',
    find: (judged) =>
      judged.up.some(({ kind }) => kind === 'alter table' || kind === 'drop table')
        ? onTablesInUse(judged).filter(({ kind }) => kind === 'change rows' || kind === 'insert')
        : [],
  },
  {
    id: 'rows-of-organizations',
    holds: 'always',
    refuses: 'changes rows of a table of organizations',
    why: 'Row-level security is forced and hides them from the owner: on Postgres the statement would change nothing, silently.',
    remedy: 'Let the server do it, as a chore of its engine.',
    find: ({ up }) =>
      up.filter(
        ({ kind, table }) =>
          (kind === 'change rows' || kind === 'insert') && !SYSTEM_TABLES.has(table ?? ''),
      ),
  },
  {
    id: 'truncate',
    holds: 'always',
    refuses: 'empties a table',
    why: 'What is gone is gone, and everybody waits for it.',
    remedy: 'Let the server delete in lots what it no longer needs.',
    find: ({ up }) => up.filter(({ kind }) => kind === 'truncate'),
  },
  {
    id: 'lock-table',
    holds: 'always',
    refuses: 'locks a table by hand',
    why: 'Everybody waits until the migration is over.',
    remedy: 'Leave locks to the statements that need them.',
    find: ({ up }) => up.filter(({ kind }) => kind === 'lock'),
  },
  {
    id: 'own-settings',
    holds: 'always',
    refuses: 'changes settings of its session',
    why: 'The runner gives each migration a short lock_timeout and tries again; without it everybody queues behind the migration.',
    remedy: 'Leave it out. What needs another lock_timeout holds its lock for too long.',
    find: ({ up }) => up.filter(({ kind }) => kind === 'set'),
  },
  {
    id: 'transaction',
    holds: 'always',
    refuses: 'mixes what needs a transaction with what Postgres does outside of one only',
    why: 'An index is built concurrently outside of a transaction; anything else outside of one would be left half done by a kill.',
    remedy:
      'Indexes by `addIndex` alone in their migration with `config = { transaction: false }`; everything else without it.',
    find: ({ up, isTransaction }) =>
      up.filter(({ text }) => CONCURRENTLY.test(text) === isTransaction),
  },
];

function twoTables(judged: Judged): readonly Statement[] {
  if (!judged.isTransaction) return [];
  const locking = onTablesInUse(judged).filter(
    ({ kind }) => kind === 'alter table' || kind === 'drop table',
  );
  const [first] = locking;
  return locking.filter(({ table }) => table !== first?.table);
}
