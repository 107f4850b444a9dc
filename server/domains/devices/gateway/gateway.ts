// The gateway of one process: its listener, those who are connected, and its chores. It is correct without
// any hint from elsewhere; hints only make it look sooner.

import type { GatewayIdentity } from '../../../platform/crypto/appliance-authority.ts';
import type { Metrics } from '../../../platform/metrics/metrics.ts';
import {
  type Connection,
  createRealtimeServer,
  type RealtimeServer,
} from '../../../platform/realtime/index.ts';
import { withDefaults } from '../../../shared/with-defaults.ts';
import type { DevicesParts } from '../parts.ts';
import { createClaimPace, greet } from './authenticate.ts';
import { createChores } from './chores.ts';
import { createIngest } from './ingest.ts';
import { createGatewayMetrics } from './metrics.ts';
import { PATH, SUBPROTOCOL } from './protocol.ts';
import { createRoster } from './roster.ts';
import { createSession } from './session.ts';

export interface Gateway {
  /** Resolves with the address it really listens on. */
  start(): Promise<{ host: string; port: number }>;
  /** Says good-bye to everybody, lets what arrived be stored, and ends. */
  stop(deadlineMs: number): Promise<void>;
  /** Something of this device changed. */
  hint(deviceId: string): void;
  /** A renewed certificate under the same anchor, for new connections. */
  useCertificate(identity: GatewayIdentity): void;
  /** Where it listens; null while it does not. */
  port(): number | null;
  stats(): { connections: number; sessions: number; eventsQueued: number };
}

const GOODBYE = { t: 'goaway', reason: 'stopping', after_ms: 1_000, jitter_ms: 5_000 };

export function createGateway(domain: DevicesParts, metrics?: Metrics): Gateway {
  const { deps, settings, identity } = domain;
  const { world, log } = deps;
  const numbers = createGatewayMetrics(metrics, () => server.connections());
  const roster = createRoster(domain, numbers.closed);
  const { sessions } = roster;
  const chores = createChores(domain, sessions);
  const ingest = createIngest(deps, () => sessions.forEach((session) => session.room()));
  const pace = createClaimPace(world);
  let port: number | null = null;

  const onConnection = (connection: Connection): void =>
    greet(domain, {
      connection,
      pace,
      admitted: (admitted, hello, receivedAt) => {
        const session = createSession({ domain, connection, admitted, ingest, metrics: numbers });
        if (!roster.enter(connection, session)) return;
        connection.onText(session.receive);
        session.welcome(hello, receivedAt);
      },
    });
  const server: RealtimeServer = createRealtimeServer({
    world,
    settings: withDefaults({ path: PATH, protocols: [SUBPROTOCOL] }, settings.gateway),
    certificate: identity,
    onRefused: numbers.refused,
    onConnection,
  });

  return {
    start: async () => {
      const address = await server.listen();
      port = address.port;
      chores.start();
      log.info({ host: address.host, port }, 'device gateway listening');
      return address;
    },
    stop: async (deadlineMs) => {
      for (const session of sessions.values()) session.say(GOODBYE);
      await server.stop(deadlineMs);
      await Promise.all([chores.stop(), ingest.idle()]);
      await roster.settled();
      port = null;
    },
    hint: (deviceId) => {
      if (sessions.has(deviceId)) chores.look();
    },
    useCertificate: server.useCertificate,
    port: () => port,
    stats: () => ({
      connections: server.connections(),
      sessions: sessions.size,
      eventsQueued: ingest.queued(),
    }),
  };
}
