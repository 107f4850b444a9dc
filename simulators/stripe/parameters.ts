// Reads typed parameters out of a form tree. Each read marks its name; `finish` refuses what nobody
// read, as Stripe refuses unknown parameters. Every refusal names the parameter.

import { badParam } from './errors.ts';
import type { Tree } from './form.ts';

const TEXT_MAX = 5000;
const METADATA = { keysMax: 50, keyMax: 40, valueMax: 500 };

export class Parameters {
  readonly #tree: Tree;
  readonly #prefix: string;
  readonly #read = new Set<string>();
  readonly #children: Parameters[] = [];

  /** The API version the caller pinned, as a date: what is known depends on it. */
  readonly versionDate: string;

  constructor(tree: Tree, versionDate: string, prefix = '') {
    this.#tree = tree;
    this.#prefix = prefix;
    this.versionDate = versionDate;
  }

  text(name: string, max = TEXT_MAX): string | undefined {
    const value = this.#raw(name);
    if (value === undefined) return undefined;
    const param = this.#full(name);
    if (typeof value !== 'string') throw badParam(param, `Invalid string: ${param} is a hash`);
    if (value === '') throw emptyText(param);
    if (value.length > max) {
      const message = `Invalid string: ${param} must be at most ${max} characters, found ${value.length}`;
      throw badParam(param, message, 'parameter_invalid_string_too_long');
    }
    return value;
  }

  /** Text that an empty value unsets: null. */
  unsettable(name: string): string | null | undefined {
    if (this.#tree.get(name) !== '') return this.text(name);
    this.#read.add(name);
    return null;
  }

  required(name: string): string {
    return this.text(name) ?? this.#missing(name);
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.text(name);
    if (value === undefined || choices.includes(value as Choice))
      return value as Choice | undefined;
    const param = this.#full(name);
    throw badParam(
      param,
      `Invalid ${param}: must be one of ${choices.join(', ')}; found "${value}"`,
    );
  }

  integer(name: string, min = 0): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const param = this.#full(name);
    if (!/^-?\d{1,15}$/.test(value)) {
      throw badParam(param, `Invalid integer: ${value}`, 'parameter_invalid_integer');
    }
    if (Number(value) < min) {
      const message = `Invalid ${param}: must be greater than or equal to ${min}, found ${value}`;
      throw badParam(param, message, 'parameter_invalid_integer');
    }
    return Number(value);
  }

  requiredInteger(name: string, min = 0): number {
    return this.integer(name, min) ?? this.#missing(name);
  }

  boolean(name: string): boolean | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (value === 'true' || value === 'false') return value === 'true';
    throw badParam(this.#full(name), `Invalid boolean: ${value}`);
  }

  list(name: string): string[] {
    const value = this.#raw(name);
    if (value === undefined || value === '') return [];
    if (typeof value === 'string') throw badParam(this.#full(name), 'Invalid array');
    return [...value.values()].map((item) => {
      if (typeof item === 'string') return item;
      throw badParam(this.#full(name), 'Invalid array: expected strings');
    });
  }

  group(name: string): Parameters | undefined {
    const value = this.#raw(name);
    if (value === undefined) return undefined;
    const param = this.#full(name);
    if (typeof value === 'string') throw badParam(param, `Invalid object: ${param} is not a hash`);
    const child = new Parameters(value, this.versionDate, param);
    this.#children.push(child);
    return child;
  }

  /** New values and, as null, keys to remove. */
  metadata(name = 'metadata'): Record<string, string | null> {
    const value = this.#raw(name);
    const param = this.#full(name);
    if (value === undefined || value === '') return {};
    if (typeof value === 'string') throw badParam(param, 'Invalid object: metadata is not a hash');
    if (value.size > METADATA.keysMax) {
      throw badParam(param, `You cannot set more than ${METADATA.keysMax} metadata keys`);
    }
    const entries = [...value].map(([key, item]) => {
      const full = `${param}[${key}]`;
      if (typeof item !== 'string')
        throw badParam(full, `Metadata values must be strings, ${full} is a hash`);
      if (key.length > METADATA.keyMax)
        throw badParam(full, `Metadata keys can have up to ${METADATA.keyMax} characters`);
      if (item.length > METADATA.valueMax)
        throw badParam(full, `Metadata values can have up to ${METADATA.valueMax} characters`);
      return [key, item === '' ? null : item] as const;
    });
    return Object.fromEntries(entries);
  }

  /** A whole branch kept as it came, for objects that are only echoed. */
  echo(name: string): unknown {
    const value = this.#raw(name);
    return value === undefined ? undefined : plain(value);
  }

  /** Known to Stripe, without effect in the twin. */
  ignore(...names: string[]): void {
    for (const name of names) this.#read.add(name);
  }

  finish(): void {
    for (const name of this.#tree.keys()) {
      if (this.#read.has(name)) continue;
      const param = this.#full(name);
      throw badParam(param, `Received unknown parameter: ${param}`, 'parameter_unknown');
    }
    for (const child of this.#children) child.finish();
  }

  #raw(name: string): Tree | string | undefined {
    this.#read.add(name);
    return this.#tree.get(name);
  }

  #full(name: string): string {
    return this.#prefix === '' ? name : `${this.#prefix}[${name}]`;
  }

  #missing(name: string): never {
    const param = this.#full(name);
    throw badParam(param, `Missing required param: ${param}.`, 'parameter_missing');
  }
}

// With this version Stripe renamed `payment_method_types` in requests; either name is unknown to the
// versions of the other.
const TYPES_RENAMED = '2026-09-30';

/** Which payment methods the caller wants; the twin has cards alone. */
export function readMethodTypes(p: Parameters): string[] {
  const isNew = p.versionDate >= TYPES_RENAMED;
  const name = isNew ? 'allowed_payment_method_types' : 'payment_method_types';
  const types = p.list(name);
  if (types.every((type) => type === 'card')) return types;
  throw badParam(name, `Invalid ${name}: this twin offers card only, found ${types.join(', ')}`);
}

export function mergeMetadata(
  current: Record<string, string>,
  changes: Record<string, string | null>,
): Record<string, string> {
  const merged: Record<string, string | null> = { ...current, ...changes };
  return Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

function plain(node: Tree | string): unknown {
  if (typeof node === 'string') return node;
  return Object.fromEntries([...node].map(([name, value]) => [name, plain(value)]));
}

function emptyText(param: string) {
  const message = `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset. You should remove '${param}' from your request or supply a non-empty value.`;
  return badParam(param, message, 'parameter_invalid_empty');
}
