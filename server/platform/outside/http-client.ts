// One HTTP client per destination: undici's pool driven directly, because only there the phase of an
// exchange is visible. Never redirects, never retries, never answers from a cache. An exchange always
// ends (every phase has its own limit) and never throws: how it failed is in what it returns.

import { createSecureContext } from 'node:tls';
import { buildConnector, type Dispatcher, Pool } from 'undici';
import { toError } from '../../shared/errors.ts';
import type { Timer, World } from '../../shared/world.ts';
import type {
  Exchange,
  ExchangePhase,
  HttpClient,
  HttpRequest,
  HttpResponse,
} from './http-exchange.ts';
import { type ProxySettings, throughProxy } from './proxy-tunnel.ts';

export interface HttpClientSettings {
  /** Origin and optional path prefix, e.g. `https://api.stripe.com`. */
  baseUrl: string;
  connectionsMax: number;
  /** DNS, TCP and TLS together, and the wait for a free connection before them. */
  connectTimeoutMs: number;
  /** From the first byte written to the last response header. */
  headersTimeoutMs: number;
  /** The longest silence within a response body. */
  bodyIdleTimeoutMs: number;
  /** The whole exchange, whatever it is doing. */
  totalTimeoutMs: number;
  responseBytesMax: number;
  /** PEM of every authority that is trusted for destination and proxy; left out: those that Node knows. */
  ca?: string | readonly string[];
  /** Through which the destination is reached; null: directly. */
  proxy?: ProxySettings | null;
  /** Called once per exchange, for metrics. */
  observe?: (exchange: Exchange) => void;
}

export const HTTP_CLIENT_DEFAULTS = {
  connectionsMax: 16,
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 30_000,
  bodyIdleTimeoutMs: 10_000,
  totalTimeoutMs: 60_000,
  responseBytesMax: 4 * 1024 * 1024,
} as const;

export class ExchangeTimeoutError extends Error {
  constructor(phase: ExchangePhase, limit: string, timeoutMs: number) {
    super(`The exchange was ${phase} when ${limit} (${timeoutMs} ms) passed.`);
    this.name = 'ExchangeTimeoutError';
  }
}

export class ResponseTooLargeError extends Error {
  constructor(bytesMax: number) {
    super(`The response is larger than ${bytesMax} bytes.`);
    this.name = 'ResponseTooLargeError';
  }
}

export function createHttpClient(
  world: Pick<World, 'timers' | 'monotonic'>,
  settings: HttpClientSettings,
): HttpClient {
  const base = new URL(settings.baseUrl);
  const prefix = base.pathname.replace(/\/$/, '');
  const connect = createConnector(settings);
  const { proxy = null, ca } = settings;
  const trust = ca === undefined ? {} : { ca };
  const pool = new Pool(base.origin, {
    connections: settings.connectionsMax,
    pipelining: 1, // more would make one lost reply a doubt about several requests
    connect:
      proxy === null
        ? connect
        : (options, callback) =>
            throughProxy(
              { ...proxy, ...trust },
              connect,
              settings.connectTimeoutMs,
            )(options, callback),
    headersTimeout: 0, // ours run on the world's timers
    bodyTimeout: 0,
  });
  return {
    exchange: async (request, signal) => {
      const ended = await perform({ pool, prefix, world, settings }, request, signal);
      settings.observe?.(ended);
      return ended;
    },
    close: () => pool.destroy(),
  };
}

type Connector = ReturnType<typeof buildConnector>;

/** Undici's own, made anew when the time it may take has changed. */
function createConnector(settings: HttpClientSettings): Connector {
  // Made once: reading a hundred authorities for each connection would cost more than the handshake.
  const { ca } = settings;
  const trust = ca === undefined ? {} : { secureContext: createSecureContext({ ca: [ca].flat() }) };
  let timeout = Number.NaN;
  let made: Connector | null = null;
  return (options, callback) => {
    if (made === null || timeout !== settings.connectTimeoutMs) {
      timeout = settings.connectTimeoutMs;
      // HTTP/2 replays streams after GOAWAY by itself.
      made = buildConnector({ allowH2: false, timeout, ...trust });
    }
    made(options, callback);
  };
}

interface Place {
  pool: Pool;
  prefix: string;
  world: Pick<World, 'timers' | 'monotonic'>;
  settings: HttpClientSettings;
}

function perform(place: Place, request: HttpRequest, signal: AbortSignal): Promise<Exchange> {
  return new Promise((resolve) => {
    const run = createRun(place, signal, resolve);
    if (signal.aborted) return run.fail(toError(signal.reason));
    try {
      place.pool.dispatch(
        {
          method: request.method,
          path: place.prefix + request.path,
          headers: { ...request.headers },
          body: request.body,
        },
        run.handler,
      );
    } catch (thrown) {
      run.fail(toError(thrown)); // refused by undici's own checks: nothing was written
    }
  });
}

interface Run {
  handler: Dispatcher.DispatchHandler;
  fail(error: Error): void;
}

function createRun(
  { world, settings }: Place,
  signal: AbortSignal,
  resolve: (exchange: Exchange) => void,
): Run {
  const startedMs = world.monotonic();
  const chunks: Buffer[] = [];
  let phase: ExchangePhase = 'connecting';
  let controller: Dispatcher.DispatchController | null = null;
  let head: Pick<HttpResponse, 'status' | 'headers'> | null = null;
  let bytes = 0;
  let ended = false;
  let phaseTimer: Timer | null = null;

  const end = (exchange: Exchange): void => {
    if (ended) return;
    ended = true;
    phaseTimer?.cancel();
    totalTimer.cancel();
    signal.removeEventListener('abort', aborted);
    resolve(exchange);
  };
  const durationMs = (): number => Math.round(world.monotonic() - startedMs);
  const fail = (error: Error): void => {
    end({ kind: 'failed', phase, error, durationMs: durationMs() });
    controller?.abort(error);
  };
  const limit = (name: string, timeoutMs: number): Timer =>
    world.timers.after(timeoutMs, () => fail(new ExchangeTimeoutError(phase, name, timeoutMs)));
  const enter = (next: ExchangePhase, name: string, timeoutMs: number): void => {
    phase = next;
    phaseTimer?.cancel();
    phaseTimer = limit(name, timeoutMs);
  };
  const aborted = (): void => fail(toError(signal.reason));
  const totalTimer = limit('the limit of the whole exchange', settings.totalTimeoutMs);
  enter('connecting', 'the limit of connecting', settings.connectTimeoutMs);
  signal.addEventListener('abort', aborted, { once: true });

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: (started) => {
      // Runs on an open connection just before the first byte. A request that was given up while it
      // queued is aborted here and never written; one started a second time would be a silent replay.
      if (ended || controller !== null) {
        started.abort(new Error('This request is not sent any more.'));
        return;
      }
      controller = started;
      enter('written', 'the limit for response headers', settings.headersTimeoutMs);
    },
    onResponseStart: (_controller, status, headers) => {
      if (status < 200) return; // an interim response says nothing yet
      head = { status, headers: flatten(headers) };
      enter('reading', 'the limit of silence in the body', settings.bodyIdleTimeoutMs);
    },
    onResponseData: (_controller, chunk) => {
      bytes += chunk.length;
      if (bytes > settings.responseBytesMax) {
        fail(new ResponseTooLargeError(settings.responseBytesMax));
        return;
      }
      chunks.push(chunk);
      enter('reading', 'the limit of silence in the body', settings.bodyIdleTimeoutMs);
    },
    onResponseEnd: () => {
      if (head === null) return fail(new Error('The response ended before its headers.'));
      const body = Buffer.concat(chunks).toString('utf8');
      end({ kind: 'answered', response: { ...head, body }, durationMs: durationMs() });
    },
    onResponseError: (_controller, error) => fail(error),
  };
  return { handler, fail };
}

function flatten(
  headers: Record<string, string | string[] | undefined>,
): Readonly<Record<string, string>> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = [value].flat().join(', ');
  }
  return flat;
}
