// Path, query and body against the route's schemas, unknown keys refused; every problem is told at once.
// The paging words `limit` and `cursor` belong to the app and are taken out of the query first.

import { type ZodType } from 'zod';
import { AppError, type FieldProblem } from '../../../shared/errors.ts';
import { holdsNul } from '../card-numbers.ts';
import { fieldProblems } from '../field-problems.ts';
import { entryOf, type HttpContext, type HttpKit, type Step } from '../step.ts';
import type { RouteEntry } from '../table.ts';
import { upgradeRequest } from '../versions.ts';

type Secrets = RouteEntry['bodySecrets'];

export function validate({ settings }: HttpKit): Step {
  return {
    name: 'validate',
    run: async (context, next) => {
      const entry = entryOf(context);
      const { state } = context;
      const malformed: FieldProblem[] = [
        ...nulProblems(state.pathParams, '/path'),
        ...nulProblems(context.query, '/query'),
      ];
      if (malformed.length > 0) throw refusal('invalid_request', malformed);
      state.params = check(entry.params, state.pathParams, { prefix: '/path', to: malformed });
      state.query = check(entry.query, ownQuery(context), { prefix: '/query', to: malformed });
      if (malformed.length > 0) throw refusal('invalid_request', malformed);
      const wrong: FieldProblem[] = [];
      const { operationId } = entry.route;
      const json = upgradeRequest(settings.versions, state.version, {
        operationId,
        body: state.json,
      });
      const secrets = entry.bodySecrets;
      state.body = check(entry.body, bodyOf(entry, json), { prefix: '', to: wrong, secrets });
      if (wrong.length > 0) throw refusal('validation_failed', wrong);
      await next();
    },
  };
}

interface Destination {
  prefix: string;
  to: FieldProblem[];
  secrets?: Secrets;
}

function check<T>(schema: ZodType | null, input: T, { prefix, to, secrets = [] }: Destination): T {
  if (schema === null) {
    to.push(...unexpected(input, prefix));
    return input;
  }
  const result = schema.safeParse(input);
  if (result.success) return result.data as T;
  to.push(...fieldProblems(result.error.issues, { prefix, secrets, input }));
  return input;
}

function nulProblems(values: Readonly<Record<string, unknown>>, prefix: string): FieldProblem[] {
  return Object.entries(values)
    .filter(([, value]) => holdsNul(value))
    .map(([name]) => ({
      pointer: `${prefix}/${name}`,
      code: 'nul',
      detail: 'Expected text without NUL characters, found one.',
    }));
}

/** A route without a schema takes nothing; an empty object is nothing. */
function unexpected(input: unknown, prefix: string): FieldProblem[] {
  if (input === undefined) return [];
  const keys = typeof input === 'object' && input !== null ? Object.keys(input) : [''];
  return keys.slice(0, 20).map((key) => ({
    pointer: key === '' ? prefix : `${prefix}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    code: 'unknown_field',
    detail: `Expected nothing here, found ${key === '' ? 'a value' : JSON.stringify(key.slice(0, 60))}.`,
  }));
}

/** A missing body is judged as an empty object, so that each missing field is named. */
function bodyOf(entry: RouteEntry, json: unknown): unknown {
  return json === undefined && entry.body !== null ? {} : json;
}

const PAGING_WORDS: ReadonlySet<string> = new Set(['limit', 'cursor']);

function ownQuery(context: HttpContext): Record<string, unknown> {
  const { route } = entryOf(context);
  const own: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(context.query)) {
    if (Array.isArray(value)) throw repeated(key);
    if (route.pagination === undefined || !PAGING_WORDS.has(key)) own[key] = value;
  }
  return own;
}

function repeated(key: string): AppError {
  const pointer = `/query/${key.slice(0, 60)}`;
  return refusal('invalid_request', [
    { pointer, code: 'repeated', detail: 'Expected this parameter once, found it more than once.' },
  ]);
}

function refusal(code: 'invalid_request' | 'validation_failed', fields: FieldProblem[]): AppError {
  const [first] = fields;
  const rest = fields.length > 1 ? ` (and ${fields.length - 1} more, see errors)` : '';
  return new AppError(code, `${first?.pointer || 'The body'}: ${first?.detail}${rest}`, { fields });
}
