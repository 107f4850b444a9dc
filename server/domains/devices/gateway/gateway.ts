// The gateway of one process: its listener, its sessions, and the look at the database that finds what
// other replicas did (commands, suspensions, takeovers). Hints only make that look come sooner.

import { transaction } from '../../../platform/database/database.ts';
import type { Metrics } from '../../../platform/metrics/metrics.ts';
import {
  type Connection,
  createRealtimeServer,
  type RealtimeServer,
} from '../../../platform/realtime/index.ts';
import { toError } from '../../../shared/errors.ts';
import type { Timer } from '../../../shared/world.ts';
import { type DevicesParts, TIMES } from '../parts.ts';
import { expireCommand } from '../settle-command.ts';
import { listOverdue } from '../store-commands.ts';
import { releaseLease } from '../store-leases.ts';
import { createClaimPace, greet } from './authenticate.ts';
import type { Admitted } from './connect-device.ts';
import type { Hello } from './frames.ts';
import { createIngest } from './ingest.ts';
import { lookAfter, renewHeld } from './look-after.ts';
import { createGatewayMetrics } from './metrics.ts';
import { CLOSE, PATH, SUBPROTOCOL } from './protocol.ts';
import { createSession, type Session } from './session.ts';

export interface Gateway {
  /** Resolves with the address it really listens on. */
  start(): Promise<{ host: string; port: number }>;
  /** Says good-bye to everybody, lets what arrived be stored, and ends. */
  stop(deadlineMs: number): Promise<void>;
  /** Something of this device changed. */
  hint(deviceId: string): void;
  /** Where it listens; null while it does not. */
  port(): number | null;
  stats(): { connections: number; sessions: number; eventsQueued: number };
}

const OVERDUE_MAX = 200;
const GOODBYE = { t: 'goaway', reason: 'stopping', after_ms: 1_000, jitter_ms: 5_000 };

export function createGateway(domain: DevicesParts, metrics?: Metrics): Gateway {
  const { deps, settings, identity } = domain;
  const { world, log } = deps;
  const sessions = new Map<string, Session>();
  const numbers = createGatewayMetrics(metrics, () => server.connections());
  const pace = createClaimPace(world);
  const ingest = createIngest(deps, () => sessions.forEach((session) => session.room()));
  const cleanups = new Set<Promise<void>>();
  let port: number | null = null;
  let timers: Timer[] = [];

  const server: RealtimeServer = createRealtimeServer({
    world,
    settings: { ...settings.gateway, path: PATH, protocols: [SUBPROTOCOL] },
    certificate: identity,
    onRefused: numbers.refused,
    onConnection: (connection) =>
      greet(domain, {
        connection,
        pace,
        admitted: (admitted, hello, at) => enter(connection, { admitted, hello, at }),
      }),
  });

  const enter = (
    connection: Connection,
    { admitted, hello, at }: { admitted: Admitted; hello: Hello; at: number },
  ): void => {
    const session = createSession({ domain, connection, admitted, ingest, metrics: numbers });
    let isGone = false;
    const gone = (code: number): void => {
      if (isGone) return;
      isGone = true;
      numbers.closed(code);
      session.ended();
      if (sessions.get(session.deviceId) === session) sessions.delete(session.deviceId);
      track(leave(domain, session, code));
    };
    connection.onClose(gone);
    // It may have gone while its hello was verified.
    if (!connection.isOpen) return gone(0);
    const other = sessions.get(session.deviceId);
    if (other !== undefined && other.gen > session.gen) {
      return session.close(CLOSE.replaced, 'replaced by a newer connection');
    }
    other?.close(CLOSE.replaced, 'replaced by a newer connection');
    sessions.set(session.deviceId, session);
    connection.onText(session.receive);
    session.welcome(hello, at);
  };
  const track = (cleanup: Promise<void>): void => {
    cleanups.add(cleanup);
    void cleanup.finally(() => cleanups.delete(cleanup));
  };

  const look = once(() => lookAfter(domain, sessions), warn('devices were not looked after'));
  const renew = once(() => renewHeld(domain, sessions), warn('leases were not renewed'));
  const expire = once(async () => {
    for (const overdue of await listOverdue(deps.databases.engine, world.clock.now(), OVERDUE_MAX))
      await expireCommand(domain, overdue);
  }, warn('overdue commands were not expired'));

  function warn(what: string): (error: Error) => void {
    return (error) => log.warn({ err: error }, what);
  }

  return {
    start: async () => {
      const address = await server.listen();
      port = address.port;
      timers = [
        world.timers.every(TIMES.lookMs, look),
        world.timers.every(TIMES.lookMs, expire),
        world.timers.every(TIMES.leaseRenewMs, renew),
      ];
      log.info({ host: address.host, port }, 'device gateway listening');
      return address;
    },
    stop: async (deadlineMs) => {
      for (const timer of timers) timer.cancel();
      for (const session of sessions.values()) session.say(GOODBYE);
      await server.stop(deadlineMs);
      await ingest.idle();
      await Promise.all(cleanups);
      port = null;
    },
    hint: (deviceId) => {
      if (sessions.has(deviceId)) look();
    },
    port: () => port,
    stats: () => ({
      connections: server.connections(),
      sessions: sessions.size,
      eventsQueued: ingest.queued(),
    }),
  };
}

/** Runs one at a time; asked again while it runs, it runs once more. */
function once(work: () => Promise<void>, failed: (error: Error) => void): () => void {
  let running = false;
  let again = false;
  return () => {
    again = true;
    if (running) return;
    running = true;
    void (async () => {
      while (again) {
        again = false;
        await work();
      }
    })()
      .catch((thrown: unknown) => failed(toError(thrown)))
      .finally(() => (running = false));
  };
}

/** The end of a connection, told only when no newer one has taken over. */
async function leave(domain: DevicesParts, session: Session, code: number): Promise<void> {
  const { databases, world, log } = domain.deps;
  const held = { id: session.deviceId, gen: session.gen };
  try {
    await transaction(databases.org(session.orgId), async (tx) => {
      if (!(await releaseLease(tx, held, world.clock.now()))) return;
      await session.tellEnd(tx, code);
    });
  } catch (thrown) {
    log.warn({ err: toError(thrown), device_id: session.deviceId }, 'a lease was not released');
  }
}
