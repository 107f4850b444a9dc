// A statement as rules see it: which table, and what is done to it. What is not recognised has no kind, and a
// statement without a kind is never let through.

import { partsOf } from './normalise.ts';

export type Kind =
  | 'create table'
  | 'alter table'
  | 'drop table'
  | 'create index'
  | 'drop index'
  | 'policy'
  | 'grant'
  | 'revoke'
  | 'insert'
  | 'change rows'
  | 'read'
  | 'truncate'
  | 'lock'
  | 'type'
  | 'set'
  | 'comment'
  | null;

export interface Statement {
  text: string;
  kind: Kind;
  /** The first one named; null where there is none. */
  table: string | null;
  /** Of `alter table` its actions, of `create table` its columns and constraints. */
  parts: readonly string[];
}

const IDENTIFIER = String.raw`((?:\w|"[^"]*"|\.)+)`;
const SHAPES: readonly [Exclude<Kind, null>, RegExp][] = [
  ['create table', `create (?:unlogged )?table (?:if not exists )?${IDENTIFIER} ?\\(`],
  ['alter table', `alter table (?:if exists )?(?:only )?${IDENTIFIER} `],
  ['drop table', `drop table (?:if exists )?${IDENTIFIER}`],
  [
    'create index',
    `create (?:unique )?index (?:concurrently )?(?:if not exists )?(?:\\S+ )?on (?:only )?${IDENTIFIER}`,
  ],
  ['drop index', 'drop index '],
  ['policy', `(?:create|alter|drop) policy (?:if exists )?\\S+ on ${IDENTIFIER}`],
  ['grant', `grant .+? on (?:table )?${IDENTIFIER} to `],
  ['revoke', `revoke .+? on (?:table )?${IDENTIFIER} from `],
  ['insert', `insert into ${IDENTIFIER}`],
  [
    'change rows',
    `(?:update (?:only )?|delete from (?:only )?|merge into (?:only )?)${IDENTIFIER}`,
  ],
  ['read', '(?:select|with|values|table) '],
  ['truncate', `truncate (?:table )?(?:only )?${IDENTIFIER}`],
  ['lock', `lock (?:table )?(?:only )?${IDENTIFIER}`],
  ['type', '(?:create|alter|drop) (?:type|domain) '],
  ['set', '(?:set|reset) '],
  ['comment', 'comment on '],
].map(([kind, source]) => [kind as Exclude<Kind, null>, new RegExp(`^${source}`)]);

export function toStatement(text: string): Statement {
  for (const [kind, shape] of SHAPES) {
    const found = shape.exec(text);
    if (found === null) continue;
    return { text, kind, table: found[1] ?? null, parts: partsIn(kind, text, found[0]) };
  }
  return { text, kind: null, table: null, parts: [] };
}

function partsIn(kind: Kind, text: string, head: string): string[] {
  if (kind === 'alter table') return partsOf(text.slice(head.length));
  if (kind !== 'create table') return [];
  const open = head.length - 1;
  return partsOf(insideOf(text, open));
}

/** What stands between the parenthesis at `open` and the one that closes it. */
export function insideOf(text: string, open: number): string {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth === 0) return text.slice(open + 1, at);
  }
  return text.slice(open + 1);
}
