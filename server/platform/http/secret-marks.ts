// Fields marked `.meta({ secret: true })` in a schema: never echoed in an error, never kept in the
// record of an idempotent answer, never in a log line.

import type { ZodType } from 'zod';

/** Paths of marked fields; `*` stands for any index or key. */
export function secretPaths(schema: ZodType | undefined): readonly (readonly string[])[] {
  const found: string[][] = [];
  if (schema !== undefined) collect(schema, [], { found, seen: new Set() });
  return found;
}

/** Names of marked fields, for the redaction list of the log. */
export function secretNames(schemas: readonly (ZodType | undefined)[]): readonly string[] {
  const names = schemas.flatMap(secretPaths).map((path) => path.at(-1) ?? '');
  return [...new Set(names)].filter((name) => name !== '' && name !== '*');
}

export function isSecret(
  paths: readonly (readonly string[])[],
  at: readonly PropertyKey[],
): boolean {
  return paths.some(
    (path) =>
      path.length <= at.length &&
      path.every((part, index) => part === '*' || part === String(at[index])),
  );
}

/** A copy of the JSON value with every marked field set to null. */
export function withoutSecrets(
  paths: readonly (readonly string[])[],
  value: unknown,
  at: readonly string[] = [],
): unknown {
  if (paths.length === 0) return value;
  if (at.length > 0 && isSecret(paths, at)) return null;
  if (Array.isArray(value)) {
    return value.map((item, index) => withoutSecrets(paths, item, [...at, String(index)]));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    withoutSecrets(paths, item, [...at, key]),
  ]);
  return Object.fromEntries(entries);
}

interface Collection {
  found: string[][];
  /** Schemas on the way down; recursive ones are looked at once. */
  seen: Set<ZodType>;
}

function collect(schema: ZodType, at: readonly string[], collection: Collection): void {
  if (collection.seen.has(schema)) return;
  const inside = { ...collection, seen: new Set(collection.seen).add(schema) };
  if ((schema.meta() as { secret?: unknown } | undefined)?.secret === true) {
    collection.found.push([...at]);
    return;
  }
  const definition = schema._zod.def as unknown as Record<string, unknown>;
  for (const [key, child] of childrenOf(definition)) {
    collect(child, key === null ? at : [...at, key], inside);
  }
}

function childrenOf(definition: Record<string, unknown>): [string | null, ZodType][] {
  switch (definition['type']) {
    case 'object':
      return Object.entries(definition['shape'] as Record<string, ZodType>);
    case 'array':
      return [['*', definition['element'] as ZodType]];
    case 'record':
      return [['*', definition['valueType'] as ZodType]];
    case 'tuple':
      return (definition['items'] as ZodType[]).map((item, index) => [String(index), item]);
    case 'union':
      return (definition['options'] as ZodType[]).map((option) => [null, option]);
    case 'pipe':
      return [
        [null, definition['in'] as ZodType],
        [null, definition['out'] as ZodType],
      ];
    case 'lazy':
      return [[null, (definition['getter'] as () => ZodType)()]];
    default:
      return definition['innerType'] === undefined
        ? []
        : [[null, definition['innerType'] as ZodType]];
  }
}
