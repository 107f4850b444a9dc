// What a step is, and what a request carries from one step to the next. The list of steps is flat and
// printed; each step does one thing and calls the next, or throws an AppError.

import type Koa from 'koa';
import type { PageRequest } from '../../shared/page.ts';
import type { OrgDatabase, OrgQueryable } from '../database/database.ts';
import type { Deps } from '../deps.ts';
import type { CursorBinding } from './cursor.ts';
import type { Answer } from './idempotency.ts';
import type { Page } from './pages.ts';
import type { Caller, Scope } from './route.ts';
import type { HttpSettings } from './settings.ts';
import type { RouteEntry } from './table.ts';

export interface RequestState {
  requestId: string;
  traceId: string;
  /** What the caller calls this request; logged, never trusted as ours. */
  clientRequestId: string | null;
  /** The matched pattern, never the path: it becomes a label of metrics. */
  pattern: string;
  entry: RouteEntry | null;
  page: Page | null;
  pathParams: Readonly<Record<string, string>>;
  caller: Caller | null;
  /** The API version this request speaks. */
  version: string;
  signal: AbortSignal;
  bytes: Buffer | null;
  json: unknown;
  params: Record<string, unknown>;
  query: Record<string, unknown>;
  body: unknown;
  scope: Scope;
  nodeId: string | null;
  pageRequest: PageRequest;
  cursorBinding: CursorBinding | null;
  ifVersion: number | null;
  db: OrgDatabase | null;
  /** On idempotent requests: what the verb's transaction returned, and the answer kept with it. */
  outcome: (() => { result: unknown; answer: Answer } | null) | null;
}

export type HttpContext = Koa.ParameterizedContext<RequestState>;

export interface Step {
  name: string;
  run(context: HttpContext, next: () => Promise<void>): Promise<void>;
}

/** Finds the node of a resource; null when this organization has no such resource. */
export type Locator = (db: OrgQueryable, id: string) => Promise<string | null>;

/** The questions the http room asks of access. */
export interface AccessQuestions {
  authenticate(bearer: string): Promise<Caller | null>;
  scopeOf(caller: Caller, action: string): Scope;
  /** Everything of the organization is within reach, so that no node needs to be looked at. */
  reachesAll(caller: Caller, action: string): boolean;
  can(db: OrgQueryable, caller: Caller, action: string, nodeId: string): Promise<boolean>;
}

/** How far the server has come with stopping. */
export interface Draining {
  readonly phase: 'serving' | 'notice' | 'closing';
}

/** What steps are made of. */
export interface HttpKit {
  deps: Deps;
  settings: HttpSettings;
  table: readonly RouteEntry[];
  pages: readonly Page[];
  access: AccessQuestions;
  locators: Readonly<Record<string, Locator>>;
  draining: Draining;
}

/** The entry of a request that has matched a route; steps after `match` rely on it. */
export function entryOf(context: HttpContext): RouteEntry {
  const { entry } = context.state;
  if (entry === null) throw new Error('Invariant broken: a route step ran without a route');
  return entry;
}
