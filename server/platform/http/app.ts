// The app: one flat list of named steps over one checked table of routes. Refuses to start when the
// table has a fault. Owns no business; what routes do is handed in.

import Koa from 'koa';
import type { Histogram } from 'prom-client';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Deps } from '../deps.ts';
import { docsPages } from './docs.ts';
import { openApiDocument } from './openapi.ts';
import type { Page } from './pages.ts';
import type { AnyRoute } from './route.ts';
import type { HttpSettings } from './settings.ts';
import type { AccessQuestions, Draining, HttpKit, Locator, Step } from './step.ts';
import { answerProblems } from './steps/answer-problems.ts';
import { authenticate } from './steps/authenticate.ts';
import { authorize } from './steps/authorize.ts';
import { deadline } from './steps/deadline.ts';
import { drain } from './steps/drain.ts';
import { idempotency } from './steps/idempotency.ts';
import { identify } from './steps/identify.ts';
import { match } from './steps/match.ts';
import { observe } from './steps/observe.ts';
import { paginate } from './steps/paginate.ts';
import { preconditions } from './steps/preconditions.ts';
import { readBody } from './steps/read-body.ts';
import { run } from './steps/run.ts';
import { validate } from './steps/validate.ts';
import { version } from './steps/version.ts';
import { buildTable } from './table.ts';
import { refuseUnreadable, type UnreadableError } from './unreadable.ts';

export interface HttpOptions {
  routes: readonly AnyRoute[];
  /** Health, version, metrics … beside the table. */
  pages?: readonly Page[];
  /** The closed list of actions. */
  actions: readonly string[];
  access: AccessQuestions;
  locators: Readonly<Record<string, Locator>>;
  settings: HttpSettings;
  draining?: Draining;
  /** Where `http_server_request_duration_seconds` is observed. */
  requestDuration?: Histogram;
}

export interface HttpApp {
  /** In the order in which a request meets them. */
  steps: readonly string[];
  /** The OpenAPI 3.1 document, made of the same table. */
  document: Readonly<Record<string, unknown>>;
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Answers what could not be read as a request. */
  refuse(error: UnreadableError, socket: Socket): void;
}

export function createHttpApp(deps: Deps, options: HttpOptions): HttpApp {
  const { settings, actions, locators } = options;
  const table = buildTable(options.routes, { actions, kinds: Object.keys(locators) });
  const document = openApiDocument(table, settings);
  const kit: HttpKit = {
    deps,
    settings,
    table,
    pages: [...(options.pages ?? []), ...docsPages(document)],
    access: options.access,
    locators,
    draining: options.draining ?? { phase: 'serving' },
  };
  const steps = listSteps(kit, options.requestDuration ?? null);
  return {
    steps: steps.map((step) => step.name),
    document,
    handle: toHandler(deps, steps),
    refuse: refuseUnreadable(deps, settings),
  };
}

function listSteps(kit: HttpKit, duration: Histogram | null): readonly Step[] {
  return [
    identify(kit),
    observe(kit, duration),
    answerProblems(kit),
    drain(kit),
    match(kit),
    deadline(kit),
    authenticate(kit),
    version(kit),
    readBody(kit),
    validate(kit),
    authorize(kit),
    paginate(kit),
    preconditions(),
    idempotency(kit),
    run(kit),
  ];
}

function toHandler(deps: Deps, steps: readonly Step[]): HttpApp['handle'] {
  const koa = new Koa();
  for (const step of steps) {
    koa.use((context, next) => step.run(context as unknown as Parameters<Step['run']>[0], next));
  }
  // What reaches Koa itself is a broken connection, or a fault in the steps above `answer-problems`.
  koa.on('error', (error: Error) => deps.log.warn({ err: error }, 'an answer could not be sent'));
  const callback = koa.callback();
  return (request, response) => void callback(request, response);
}
