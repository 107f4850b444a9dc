// Zod's issues → our field problems: where (a JSON Pointer), what was expected, what was found. Values
// of fields marked secret, and of anything but short scalars, are described and never repeated.

import type { z } from 'zod';
import type { FieldProblem } from '../../shared/errors.ts';
import { isSecret } from './secret-marks.ts';

type Issue = z.core.$ZodIssue;

export interface FieldContext {
  /** Put before each pointer: '' for the body, '/query', '/path'. */
  prefix: string;
  secrets: readonly (readonly string[])[];
  /** The value that was validated. */
  input: unknown;
}

/** A caller who gets everything wrong is told this much; more would only help to probe. */
const PROBLEMS_MAX = 50;
const ECHO_LENGTH_MAX = 40;

export function fieldProblems(issues: readonly Issue[], context: FieldContext): FieldProblem[] {
  return issues.flatMap((issue) => fromIssue(issue, context)).slice(0, PROBLEMS_MAX);
}

function fromIssue(issue: Issue, context: FieldContext): FieldProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointerOf(context, [...issue.path, key]),
      code: 'unknown_field',
      detail: `Expected only known fields, found the unknown field ${JSON.stringify(key.slice(0, 60))}.`,
    }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const nearest = issue.errors.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
    const nested = (nearest ?? []).map((each) => ({
      ...each,
      path: [...issue.path, ...each.path],
    }));
    if (nested.length > 0) return nested.flatMap((each) => fromIssue(each as Issue, context));
  }
  const found = describe(context, issue.path);
  return [
    {
      pointer: pointerOf(context, issue.path),
      code: codeOf(issue, found.missing),
      detail: found.missing
        ? `Expected ${expectation(issue)}, found nothing.`
        : `Expected ${expectation(issue)}, found ${found.text}.`,
    },
  ];
}

function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function codeOf(issue: Issue, missing: boolean): string {
  if (missing) return 'missing';
  const codes: Record<string, string> = {
    invalid_type: 'wrong_type',
    invalid_format: 'wrong_format',
    too_big: 'too_large',
    too_small: 'too_small',
    invalid_value: 'not_allowed',
    invalid_union: 'not_allowed',
    invalid_key: 'wrong_key',
    not_multiple_of: 'not_allowed',
  };
  return codes[issue.code] ?? 'invalid';
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return withArticle(issue.expected);
    case 'invalid_value':
      return issue.values.length === 1
        ? JSON.stringify(issue.values[0])
        : `one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'too_big':
      return `at most ${issue.maximum}${unitOf(issue.origin)}`;
    case 'too_small':
      return `at least ${issue.minimum}${unitOf(issue.origin)}`;
    case 'invalid_format':
      return issue.format === 'regex'
        ? `a text matching ${issue.pattern}`
        : formatName(issue.format);
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    default:
      return issue.message.replace(/^Invalid input:? ?(expected )?/, '') || 'an acceptable value';
  }
}

function formatName(format: string): string {
  if (format === 'datetime') return 'an instant as RFC 3339 in UTC, e.g. 2026-11-21T09:30:00Z';
  return `a text in the form of ${withArticle(format)}`;
}

function withArticle(noun: string): string {
  const plain: Record<string, string> = { int: 'integer', bool: 'boolean', url: 'URL' };
  const word = plain[noun] ?? noun;
  return /^[aeio]/i.test(word) ? `an ${word}` : `a ${word}`;
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  if (origin === 'array' || origin === 'set') return ' items';
  return '';
}

function describe(
  context: FieldContext,
  path: readonly PropertyKey[],
): { text: string; missing: boolean } {
  let value = context.input;
  for (const part of path) {
    value = (value as Record<PropertyKey, unknown> | undefined | null)?.[part];
  }
  if (value === undefined) return { text: 'nothing', missing: true };
  if (value === null) return { text: 'null', missing: false };
  if (isSecret(context.secrets, path)) return { text: 'a value that is not shown', missing: false };
  if (Array.isArray(value)) return { text: `an array of ${value.length} items`, missing: false };
  if (typeof value === 'object') return { text: 'an object', missing: false };
  if (typeof value !== 'string') {
    return { text: `the ${typeof value} ${JSON.stringify(value)}`, missing: false };
  }
  return value.length > ECHO_LENGTH_MAX
    ? { text: `a text of ${value.length} characters`, missing: false }
    : { text: JSON.stringify(value), missing: false };
}

/** RFC 6901: `~` and `/` inside a name are escaped. */
function pointerOf(context: FieldContext, path: readonly PropertyKey[]): string {
  const parts = path.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1'));
  return [context.prefix, ...parts].join('/');
}
