// What one value of the chart is: words, default and rule. values.yaml, its schema and the table of the
// README are all written from a tree of these.

import type { JsonSchema } from '../../config/setting.ts';

export interface Value {
  readonly kind: 'value';
  readonly doc: string;
  readonly default: unknown;
  readonly schema: JsonSchema;
}

export interface Group {
  readonly kind: 'group';
  readonly doc: string;
  readonly values: ValuesTree;
  /** Other charts may put their own keys here (`global`). */
  readonly open: boolean;
}

export interface ValuesTree {
  readonly [name: string]: Value | Group;
}

export function value(doc: string, initial: unknown, schema: JsonSchema): Value {
  return { kind: 'value', doc, default: initial, schema };
}

export function group(doc: string, values: ValuesTree, { open = false } = {}): Group {
  return { kind: 'group', doc, values, open };
}

/** Every value below a tree with its dotted path, in order. */
export function leavesOf(tree: ValuesTree, prefix = ''): [string, Value][] {
  return Object.entries(tree).flatMap(([name, entry]) =>
    entry.kind === 'value'
      ? [[`${prefix}${name}`, entry] as [string, Value]]
      : leavesOf(entry.values, `${prefix}${name}.`),
  );
}
