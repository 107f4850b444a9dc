// The formats of settings: each says in words what it expects, checks a value that is typed already
// (YAML) and reads the text of an environment variable. They never convert a wrong value into a right one.

import { isIP } from 'node:net';
import type { Format, JsonSchema } from './setting.ts';

interface FormatParts<T> {
  expected: string;
  accepts: (value: unknown) => value is T;
  jsonSchema: JsonSchema;
  fromText?: (text: string) => unknown;
  isPath?: boolean;
  isList?: boolean;
}

function format<T>(parts: FormatParts<T>): Format<T> {
  const check = (value: unknown): void => {
    if (!parts.accepts(value)) throw new Error(`expected ${parts.expected}`);
  };
  return Object.assign(check, {
    expected: parts.expected,
    accepts: parts.accepts,
    jsonSchema: parts.jsonSchema,
    fromText: parts.fromText ?? ((written: string): unknown => written),
    isPath: parts.isPath ?? false,
    isList: parts.isList ?? false,
  });
}

export const flag: Format<boolean> = format({
  expected: 'true or false',
  accepts: (value): value is boolean => typeof value === 'boolean',
  jsonSchema: { type: 'boolean' },
  fromText: (written) => (written === 'true' ? true : written === 'false' ? false : written),
});

interface Range {
  min: number;
  max: number;
}

export function integer({ min, max }: Range, unit = ''): Format<number> {
  return format({
    expected: `an integer${unit === '' ? '' : ` of ${unit}`} from ${min} to ${max}`,
    accepts: (value): value is number =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max,
    jsonSchema: { type: 'integer', minimum: min, maximum: max },
    fromText: numberFromText,
  });
}

export const port: Format<number> = format({
  expected: 'a port, an integer from 0 to 65535 (0 lets the system choose)',
  accepts: integer({ min: 0, max: 65_535 }).accepts,
  jsonSchema: integer({ min: 0, max: 65_535 }).jsonSchema,
  fromText: numberFromText,
});

export const durationMs = (range: Range): Format<number> => integer(range, 'milliseconds');
export const bytes = (range: Range): Format<number> => integer(range, 'bytes');
export const days = (range: Range): Format<number> => integer(range, 'days');

/** The upper bound is that of money everywhere (server/shared/money.ts). */
export const amountMinor: Format<number> = integer(
  { min: 0, max: 1_000_000_000_000 },
  'minor units of the currency',
);

export function fraction({ min, max }: Range): Format<number> {
  return format({
    expected: `a number from ${min} to ${max}`,
    accepts: (value): value is number =>
      typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max,
    jsonSchema: { type: 'number', minimum: min, maximum: max },
    fromText: numberFromText,
  });
}

export function text(max: number, pattern?: { regexp: RegExp; words: string }): Format<string> {
  return format({
    expected: pattern?.words ?? `a text of 1 to ${max} characters`,
    accepts: (value): value is string =>
      isText(value, max) && (pattern === undefined || pattern.regexp.test(value)),
    jsonSchema: { ...textSchema(max), ...(pattern && { pattern: pattern.regexp.source }) },
  });
}

export const secret: Format<string> = format({
  expected: 'a text of 1 to 4096 characters without spaces around it, or { file: path }',
  accepts: (value): value is string => isText(value, 4096) && value.trim() === value,
  jsonSchema: textSchema(4096),
});

export const host: Format<string> = format({
  expected: 'a host name or an IP address, without scheme, port or brackets',
  accepts: (value): value is string =>
    isText(value, 253) && (isIP(value) !== 0 || /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i.test(value)),
  jsonSchema: textSchema(253),
});

export const currency: Format<string> = text(3, {
  regexp: /^[A-Z]{3}$/,
  words: 'an ISO 4217 currency of three capital letters',
});

export const url: Format<string> = format({
  expected: 'an http:// or https:// URL without user, password, query, fragment or final slash',
  accepts: (value): value is string => typeof value === 'string' && isPlainUrl(value),
  jsonSchema: { type: 'string', pattern: '^https?://[^\\s/?#@]+(/[^\\s?#]*[^\\s/?#])?$' },
});

export const path: Format<string> = format({
  expected: 'a path of 1 to 4096 characters without NUL',
  accepts: (value): value is string => isText(value, 4096) && !value.includes('\0'),
  jsonSchema: textSchema(4096),
  isPath: true,
});

export function oneOf<const T extends string>(...options: readonly T[]): Format<T> {
  return format({
    expected: options.length === 1 ? `${options[0]}` : `one of ${options.join(', ')}`,
    accepts: (value): value is T => (options as readonly unknown[]).includes(value),
    jsonSchema: { type: 'string', enum: options },
  });
}

/** In an environment variable the items are separated by commas, in a secret's file by lines. */
export function listOf<T>(item: Format<T>, max: number): Format<readonly T[]> {
  return format({
    expected: `a list of up to ${max}, each ${item.expected}`,
    accepts: (value): value is readonly T[] =>
      Array.isArray(value) && value.length <= max && value.every((each) => item.accepts(each)),
    jsonSchema: { type: 'array', maxItems: max, items: item.jsonSchema },
    fromText: (list) =>
      list
        .split(/[,\n]/)
        .map((each) => each.trim())
        .filter((each) => each !== '')
        .map((each) => item.fromText(each)),
    isPath: item.isPath,
    isList: true,
  });
}

/** May be left out: `null` in YAML, empty in an environment variable. */
export function optional<T>(inner: Format<T>): Format<T | null> {
  return format({
    expected: `${inner.expected}, or null`,
    accepts: (value): value is T | null => value === null || inner.accepts(value),
    jsonSchema: { anyOf: [{ type: 'null' }, inner.jsonSchema] },
    fromText: (value) => (value === '' ? null : inner.fromText(value)),
    isPath: inner.isPath,
    isList: inner.isList,
  });
}

function textSchema(max: number): JsonSchema {
  return { type: 'string', minLength: 1, maxLength: max };
}

function numberFromText(written: string): unknown {
  return /^-?\d+(?:\.\d+)?(?:[eE]-?\d+)?$/.test(written) ? Number(written) : written;
}

function isText(value: unknown, max: number): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= max;
}

function isPlainUrl(value: string): boolean {
  if (!/^https?:\/\/[^\s/](?:\S*[^\s/])?$/.test(value) || !URL.canParse(value)) return false;
  const parsed = new URL(value);
  return parsed.username === '' && parsed.password === '' && !/[?#]/.test(value);
}
