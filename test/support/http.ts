// A real app on a free port of loopback, and requests to it. The http room as it is; only the routes are
// the test's.

import { request as httpRequest } from 'node:http';
import { ACTIONS, createAccess } from '../../server/domains/access/index.ts';
import {
  API_VERSIONS,
  createDrainSwitch,
  createHttpApp,
  type DrainSwitch,
  type HttpApp,
  type HttpOptions,
  type HttpServer,
  type HttpSettings,
  listenHttp,
  type Page,
} from '../../server/platform/http/index.ts';
import type { Deps } from '../../server/platform/deps.ts';
import type { AnyRoute } from '../../server/platform/http/route.ts';
import { TEST_API_VERSION } from './database.ts';
import { requireDocumented } from './documented.ts';
import { realTimers } from './world.ts';

export interface TestResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  text: string;
  /** The body as JSON; throws when it is none. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  json(): any;
}

export interface TestRequest {
  /** An API key. */
  key?: string;
  /** Sent as JSON; a Buffer or text goes as it is. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}

export interface TestHttp {
  app: HttpApp;
  server: HttpServer;
  draining: DrainSwitch;
  request(method: string, path: string, options?: TestRequest): Promise<TestResponse>;
  close(): Promise<void>;
}

export const TEST_HTTP_SETTINGS: HttpSettings = {
  headerLimitBytes: 16_384,
  bodyLimitBytes: 1_048_576,
  rawLimitBytes: 1_048_576,
  importBodyLimitBytes: 268_435_456,
  importLineLimitBytes: 65_536,
  requestTimeoutMs: 20_000,
  streamTimeoutMs: 60_000,
  drainNoticeMs: 0,
  drainMs: 2_000,
  pageLimitDefault: 50,
  pageLimitMax: 200,
  idempotencyDays: 7,
  cursorKey: Buffer.alloc(32, 7),
  versions: API_VERSIONS,
  build: { version: '0.0.0-test', commit: 'c0ffee' },
};

export interface TestHttpOptions {
  /** Beside the routes of access, which are always there. */
  routes?: readonly AnyRoute[];
  pages?: readonly Page[];
  locators?: HttpOptions['locators'];
  actions?: readonly string[];
  settings?: Partial<HttpSettings>;
  requestDuration?: HttpOptions['requestDuration'];
}

export async function startTestHttp(deps: Deps, options: TestHttpOptions = {}): Promise<TestHttp> {
  const settings = { ...TEST_HTTP_SETTINGS, ...options.settings };
  const access = createAccess(deps, { environment: 'test', apiVersion: TEST_API_VERSION });
  const draining = createDrainSwitch();
  const app = createHttpApp(deps, {
    routes: [...access.routes, ...(options.routes ?? [])],
    pages: options.pages ?? [],
    actions: [...ACTIONS, ...(options.actions ?? [])],
    access,
    locators: { ...access.locators, ...options.locators },
    settings,
    draining,
    ...(options.requestDuration === undefined ? {} : { requestDuration: options.requestDuration }),
  });
  const world = { ...deps.world, timers: realTimers() };
  const server = await listenHttp(
    app,
    { host: '127.0.0.1', port: 0 },
    { settings, draining, world },
  );
  return {
    app,
    server,
    draining,
    request: async (method, path, request) => {
      const asked = { method, path };
      const answer = await send(server.url, { ...asked, ...request });
      requireDocumented(app.document, asked, answer);
      return answer;
    },
    close: () => server.stop(),
  };
}

/** Node's own client: unlike fetch it sends any header, and shows HEAD, 304 and 431 as they are. */
export function send(
  base: string,
  { method, path, key, body, headers = {} }: TestRequest & { method: string; path: string },
): Promise<TestResponse> {
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
  const payload = body === undefined ? undefined : isRaw ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${base}${path}`, {
      method,
      agent: false,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(payload === undefined || isRaw ? {} : { 'content-type': 'application/json' }),
        ...(payload === undefined ? {} : { 'content-length': String(Buffer.byteLength(payload)) }),
        ...headers,
      },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
          ),
          text,
          json: () => JSON.parse(text),
        });
      });
    });
    request.end(payload);
  });
}
