// Stripe's request encoding: application/x-www-form-urlencoded with nested brackets
// (`metadata[a]=b`, `expand[]=x`, `types[0]=y`), read into a tree and hashed in one canonical form.

import { createHash } from 'node:crypto';
import { badParam, StripeError } from './errors.ts';

export type Tree = Map<string, Tree | string>;

const DEPTH_MAX = 6;
const PAIRS_MAX = 1000;

export function parseForm(text: string, into: Tree = new Map()): Tree {
  const pairs = [...new URLSearchParams(text)];
  if (pairs.length > PAIRS_MAX) throw new StripeError(400, `Too many parameters: ${pairs.length}`);
  for (const [name, value] of pairs) place(into, name, value);
  return into;
}

/** Order of parameters does not matter to Stripe; everything else does. */
export function hashTree(tree: Tree): string {
  return createHash('sha256').update(canonical(tree)).digest('hex');
}

function place(tree: Tree, name: string, value: string): void {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);
  if (match === null) throw badParam(name, `Invalid parameter name: ${name}`);
  const inner = [...(match[2] ?? '').matchAll(/\[([^[\]]*)\]/g)].map((part) => part[1] ?? '');
  const steps = [match[1] ?? '', ...inner];
  if (steps.length > DEPTH_MAX) throw badParam(name, `Parameter nested too deeply: ${name}`);
  let node = tree;
  for (const [index, raw] of steps.entries()) {
    const step = raw === '' ? String(node.size) : raw;
    if (index === steps.length - 1) {
      if (node.get(step) instanceof Map)
        throw badParam(name, `Invalid ${name}: both a value and a hash`);
      node.set(step, value);
      return;
    }
    const next = node.get(step) ?? new Map<string, Tree | string>();
    if (typeof next === 'string') throw badParam(name, `Invalid ${name}: both a value and a hash`);
    node.set(step, next);
    node = next;
  }
}

function canonical(node: Tree | string): string {
  if (typeof node === 'string') return JSON.stringify(node);
  const names = [...node.keys()].toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(node.get(name) ?? '')}`).join(',')}}`;
}
