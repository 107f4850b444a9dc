// The route table, checked and made ready before the first request: a route without a rule, with an
// unknown action, or in the way of another one keeps the app from starting.

import type { ZodType } from 'zod';
import type { AnyRoute, Route } from './route.ts';
import { secretPaths } from './secret-marks.ts';
import { strictSchema } from './strict-schema.ts';

export type PlainRoute = Route<
  Record<string, unknown>,
  Record<string, unknown>,
  Record<string, unknown>
>;

export interface RouteEntry {
  route: PlainRoute;
  /** The schemas as requests meet them: unknown keys refused. */
  params: ZodType | null;
  query: ZodType | null;
  body: ZodType | null;
  bodySecrets: readonly (readonly string[])[];
  answerSecrets: readonly (readonly string[])[];
}

export interface TableRules {
  actions: readonly string[];
  /** Resource kinds that can be located in the tree. */
  kinds: readonly string[];
}

export class RouteTableError extends Error {
  constructor(problems: readonly string[]) {
    super(`The route table is refused:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'RouteTableError';
  }
}

export function buildTable(routes: readonly AnyRoute[], rules: TableRules): readonly RouteEntry[] {
  const plain = routes as unknown as readonly PlainRoute[];
  const problems = [
    ...plain.flatMap((route) =>
      problemsOf(route, rules).map((text) => `${nameOf(route)}: ${text}`),
    ),
    ...collisions(plain),
  ];
  if (problems.length > 0) throw new RouteTableError(problems);
  return plain.map(toEntry);
}

function toEntry(route: PlainRoute): RouteEntry {
  return {
    route,
    params: strictOrNull(route.params),
    query: strictOrNull(route.query),
    body: strictOrNull(route.body),
    bodySecrets: secretPaths(route.body),
    answerSecrets: secretPaths(route.answer),
  };
}

function strictOrNull(schema: ZodType | undefined): ZodType | null {
  return schema === undefined ? null : strictSchema(schema);
}

function nameOf(route: PlainRoute): string {
  return `${route.operationId ?? '(no operationId)'} ${route.method} ${route.path}`;
}

const PATH = /^(\/[a-z0-9._-]+|\/:[a-z_]+)+$/;

function problemsOf(route: PlainRoute, rules: TableRules): string[] {
  return [
    ...(PATH.test(route.path) ? [] : [`expected a path like /v1/things/:thing_id`]),
    ...actionProblems(route, rules),
    ...resourceProblems(route, rules),
    ...schemaProblems(route),
    ...idempotencyProblems(route),
  ];
}

/** Words beside the closed list: `public` needs no credential, `authenticated` any valid one. */
const OPEN_ACTIONS: readonly string[] = ['public', 'authenticated'];

function actionProblems({ action, resource }: PlainRoute, rules: TableRules): string[] {
  if (action === undefined) return ['it names no action'];
  if (OPEN_ACTIONS.includes(action)) {
    return resource === 'none' ? [] : [`the action ${action} goes with the resource none only`];
  }
  return rules.actions.includes(action) ? [] : [`the action ${action} is not in the closed list`];
}

function resourceProblems({ resource, path, body }: PlainRoute, rules: TableRules): string[] {
  if (resource === undefined) return ['it names no resource'];
  if (typeof resource === 'string') return [];
  const problems = rules.kinds.includes(resource.kind)
    ? []
    : [`nobody can locate the resource kind ${resource.kind}`];
  if ('param' in resource && !paramsOf(path).includes(resource.param)) {
    problems.push(`the resource's parameter ${resource.param} is not in the path`);
  }
  if ('bodyField' in resource && !keysOf(body).includes(resource.bodyField)) {
    problems.push(`the resource's field ${resource.bodyField} is not in the body's schema`);
  }
  return problems;
}

function schemaProblems(route: PlainRoute): string[] {
  const problems: string[] = [];
  const wanted = paramsOf(route.path).toSorted().join();
  const described = keysOf(route.params).toSorted().join();
  if (wanted !== described) {
    problems.push(`the path has the parameters [${wanted}], the params schema [${described}]`);
  }
  if (route.answer === undefined) problems.push('it has no answer schema');
  if (route.body !== undefined && (route.method === 'GET' || route.payload === 'raw')) {
    problems.push('it has a body schema that nothing would be checked with');
  }
  if (route.pagination !== undefined && route.method !== 'GET')
    problems.push('only a GET is a list');
  if (route.precondition !== undefined && route.versionOf === undefined) {
    problems.push('a precondition needs versionOf');
  }
  return problems;
}

function idempotencyProblems(route: PlainRoute): string[] {
  if (route.idempotency === 'none') return [];
  if (route.method === 'GET') return ['a GET is idempotent by itself'];
  if (route.action === 'public') return ['an idempotency key belongs to a caller; this has none'];
  return route.payload === undefined || route.payload === 'json'
    ? []
    : ['only JSON requests can carry an idempotency key'];
}

function collisions(routes: readonly PlainRoute[]): string[] {
  const seen = new Map<string, PlainRoute>();
  const problems: string[] = [];
  for (const route of routes) {
    const shape = `${route.method} ${route.path.replaceAll(/:[a-z_]+/g, ':')}`;
    for (const key of [shape, `operationId ${route.operationId}`]) {
      const earlier = seen.get(key);
      if (earlier !== undefined)
        problems.push(`${nameOf(route)}: collides with ${nameOf(earlier)}`);
      seen.set(key, route);
    }
  }
  return problems;
}

export function paramsOf(path: string): string[] {
  return [...path.matchAll(/:([a-z_]+)/g)].map((match) => match[1] ?? '');
}

function keysOf(schema: ZodType | undefined): string[] {
  const definition = schema?._zod.def as { shape?: object; innerType?: ZodType } | undefined;
  if (definition?.innerType !== undefined) return keysOf(definition.innerType);
  return Object.keys(definition?.shape ?? {});
}
