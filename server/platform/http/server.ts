// The listener: limits of the protocol itself, and a stop in three phases. Readiness goes down while
// requests are still taken; then none is taken and those in flight finish; then connections are cut.

import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pause, type World } from '../../shared/world.ts';
import type { HttpApp } from './app.ts';
import type { HttpSettings } from './settings.ts';
import type { Draining } from './step.ts';

export interface HttpServer {
  /** `http://host:port`, where it really listens. */
  url: string;
  port: number;
  /** Resolves when the last connection is gone; at most `drainNoticeMs` + `drainMs`. */
  stop(): Promise<void>;
}

export interface DrainSwitch extends Draining {
  phase: 'serving' | 'notice' | 'closing';
}

export function createDrainSwitch(): DrainSwitch {
  return { phase: 'serving' };
}

export async function listenHttp(
  app: HttpApp,
  at: { host: string; port: number },
  { settings, draining, world }: { settings: HttpSettings; draining: DrainSwitch; world: World },
): Promise<HttpServer> {
  const server = createServer({
    maxHeaderSize: settings.headerLimitBytes,
    // Receiving a request: headers soon, the whole of it within the longest deadline.
    headersTimeout: Math.min(settings.requestTimeoutMs, 30_000),
    requestTimeout: settings.streamTimeoutMs,
    connectionsCheckingInterval: 5_000,
  });
  server.on('request', app.handle);
  server.on('clientError', (error, socket) => app.refuse(error, socket as Socket));
  await listen(server, at);
  const { port } = server.address() as AddressInfo;
  const host = at.host.includes(':') ? `[${at.host}]` : at.host;
  return {
    url: `http://${host}:${port}`,
    port,
    stop: () => stop(server, { settings, draining, world }),
  };
}

async function listen(server: Server, at: { host: string; port: number }): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(at.port, at.host, resolve);
  await promise;
  server.off('error', reject);
}

async function stop(
  server: Server,
  { settings, draining, world }: { settings: HttpSettings; draining: DrainSwitch; world: World },
): Promise<void> {
  draining.phase = 'notice';
  if (settings.drainNoticeMs > 0) await pause(world.timers, settings.drainNoticeMs);
  draining.phase = 'closing';
  // Closes idle connections too; those in use end with their answer, which says `close`.
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const cut = world.timers.after(settings.drainMs, () => server.closeAllConnections());
  await closed;
  cut.cancel();
}
