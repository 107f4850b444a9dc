// The shape of a route: one object says everything that router, validation, OpenAPI, permission and
// idempotency need. Domains export tables of these; nothing else of HTTP is known to them.

import type { ZodType, infer as Infer } from 'zod';
import type { OrgDatabase } from '../database/database.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { PageRequest } from '../../shared/page.ts';

/** Who asks, as the authenticate step found out. `nodes` per action are resolved by `scopeOf`. */
export interface Caller {
  orgId: string;
  principalId: string;
  kind: 'api_key' | 'device' | 'system';
  /** The credential's id (key_… or dev_…), for events and logs. */
  credentialId: string;
  actions: ReadonlySet<string>;
  /** Nodes the credential is bound to; everything below them is within reach. */
  nodeIds: readonly string[];
  /** One of them is the root of the organization's tree. */
  atRoot: boolean;
  apiVersion: string;
}

/** The caller's reach for one action: node ids as JSON arrays, ready to be statement parameters. */
export interface Scope {
  allow: string;
  deny: string;
}

export interface RouteInput<P, Q, B> {
  caller: Caller;
  /** Bound to the caller's organization. On idempotent routes `begin` also stores the answer. */
  db: OrgDatabase;
  params: P;
  query: Q;
  body: B;
  /** For `resource: 'collection'`: what of it the caller may see. */
  scope: Scope;
  /** The node that was authorized: the resource's, or for creations under a node, that node's. */
  nodeId: string | null;
  page: PageRequest;
  /** The version named by If-Match, when the route asks for one. */
  ifVersion: number | null;
  requestId: string;
  traceId: string;
  /** Raw bytes of the body for `body: 'raw'` and `'stream'` routes. */
  raw: {
    headers: Readonly<Record<string, string>>;
    bytes(): Promise<Buffer>;
    stream(): AsyncIterable<Buffer>;
  };
  signal: AbortSignal;
}

export interface Route<P = unknown, Q = unknown, B = unknown, R = unknown> {
  operationId: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `:name` parameters, e.g. `/v1/people/:person_id`. */
  path: string;
  summary: string;
  /** Long text for the docs page; Markdown. */
  description?: string;
  tag: string;
  /** From the closed list in domains/access/actions.ts; 'public' needs no credential, 'authenticated'
   * any valid one. */
  action: string;
  /**
   * What the action is checked on. A kind with the path parameter that names it (a foreign or missing
   * id answers the same 404); a body field that names a node; a collection filtered by scope; or none.
   */
  resource:
    | { kind: string; param: keyof P & string }
    | { kind: string; bodyField: keyof B & string }
    | 'collection'
    | 'none';
  idempotency: 'required' | 'accepted' | 'none';
  /**
   * A list: `run` returns a `Page`, `present` the JSON array of its items, `answer` is the schema of one
   * item. The app wraps them as `{data, has_more, next_cursor}`; `page.after` is what `cursorOf` gave.
   * A `log` grows at its end: its last cursor is always given, to ask again later.
   */
  pagination?: 'cursor' | 'log';
  /** If-Match handling for changes of versioned resources. */
  precondition?: 'required' | 'accepted';
  /** `stream`: NDJSON in, bounded per line. `raw`: bytes as they came, for signatures. */
  payload?: 'json' | 'stream' | 'raw';
  params?: ZodType<P>;
  query?: ZodType<Q>;
  body?: ZodType<B>;
  answer: ZodType;
  /** Codes its verb may answer, beside those that the steps may answer on any such route. */
  problems?: readonly ErrorCode[];
  status: 200 | 201 | 202 | 204;
  /** One expression: call the verb. On idempotent routes the verb opens exactly one transaction and
   * what that transaction returns is what `run` returns. */
  run(input: RouteInput<P, Q, B>): Promise<R>;
  /** Pure: what `run` returned as the answer's JSON. */
  present(result: R): unknown;
  /** For ETag: the row's version. */
  versionOf?(result: R): number;
  /** For pages: the position of the last item. Default: the `id` of the last item as presented. */
  cursorOf?(result: R): string;
  /** Whom the answer is about, when the path does not name it: erased, its kept answers are forgotten. */
  concernsOf?(result: R): string | null;
  /** For `Location` on 201 and 202. */
  locationOf?(result: R): string;
}

export type AnyRoute = Route<never, never, never, never>;

/** Keeps the inference of schemas while a table holds routes of every shape. */
export function route<
  R,
  P extends ZodType = ZodType<Record<string, never>>,
  Q extends ZodType = ZodType<Record<string, never>>,
  B extends ZodType = ZodType<undefined>,
>(
  spec: Omit<Route<Infer<P>, Infer<Q>, Infer<B>, R>, 'params' | 'query' | 'body'> & {
    params?: P;
    query?: Q;
    body?: B;
  },
): AnyRoute {
  return spec as unknown as AnyRoute;
}
