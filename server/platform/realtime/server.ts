// A WebSocket listener that ends TLS 1.3 itself: channel binding needs the session. Owns the handshake,
// admission and the set of open connections; what is said on them is the caller's.

import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import type { World } from '../../shared/world.ts';
import { type AdmissionState, chooseProtocol, refuseUpgrade, writeRefusal } from './admission.ts';
import { type Connection, createConnection } from './connection.ts';
import { CLOSE, LIMITS, type RealtimeSettings } from './settings.ts';
import { createTokenBucket } from './token-bucket.ts';

export interface RealtimeParts {
  world: World;
  settings: RealtimeSettings;
  /** PEM: the chain, leaf first, and its key. */
  certificate: { certPem: string; keyPem: string };
  onConnection: (connection: Connection) => void;
  /** Refusals, by HTTP status; for numbers. */
  onRefused?: (status: number) => void;
}

export interface RealtimeServer {
  listen(): Promise<{ host: string; port: number }>;
  connections(): number;
  /** New handshakes use it; open connections keep theirs. */
  useCertificate(certificate: { certPem: string; keyPem: string }): void;
  /** Refuses newcomers, closes everybody with `going away`, and cuts who stays beyond the deadline. */
  stop(deadlineMs: number): Promise<void>;
}

export function createRealtimeServer(parts: RealtimeParts): RealtimeServer {
  const { world, settings } = parts;
  const server = createServer({ ...tlsOptions(parts.certificate), ...HANDSHAKE_TIMES });
  server.maxConnections = settings.connectionsMax + LIMITS.pendingSockets;
  const members = createMembers();
  const state: AdmissionState = {
    stopping: false,
    connections: 0,
    connects: createTokenBucket(world.monotonic, {
      get perSecond() {
        return settings.connectsPerSecond;
      },
      get burst() {
        return settings.connectsPerSecond;
      },
    }),
  };
  const enter = acceptUpgrades(parts, members);
  server.on('request', (_request, response) => {
    response.writeHead(426, { connection: 'close', upgrade: 'websocket' });
    response.end('{"error":"upgrade_required"}\n');
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    state.connections = members.count();
    server.maxConnections = settings.connectionsMax + LIMITS.pendingSockets; // it may have changed
    const refusal = refuseUpgrade(request, settings, state);
    if (refusal === null) return enter(request, socket as TLSSocket, head);
    parts.onRefused?.(refusal.status);
    writeRefusal(socket, refusal);
  });

  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(settings.port, settings.host, () => {
          const { address, port } = server.address() as AddressInfo;
          resolve({ host: address, port });
        });
      }),
    connections: members.count,
    useCertificate: (renewed) => server.setSecureContext(tlsOptions(renewed)),
    stop: async (deadlineMs) => {
      state.stopping = true;
      members.farewell();
      const cut = world.timers.after(deadlineMs, () => {
        members.cut();
        server.closeAllConnections();
      });
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await Promise.all([closed, members.gone()]);
      cut.cancel();
    },
  };
}

/** The open connections. */
interface Members {
  add(connection: Connection, socket: WebSocket): void;
  count(): number;
  farewell(): void;
  cut(): void;
  /** Resolves when nobody is left and everybody's end was told. */
  gone(): Promise<void>;
}

function createMembers(): Members {
  const open = new Map<WebSocket, Connection>();
  let waiters: (() => void)[] = [];
  return {
    add: (connection, socket) => {
      open.set(socket, connection);
      socket.once('close', () => {
        open.delete(socket);
        if (open.size > 0) return;
        for (const done of waiters) done();
        waiters = [];
      });
    },
    count: () => open.size,
    farewell: () => {
      for (const connection of open.values())
        connection.close(CLOSE.goingAway, 'the server is stopping');
    },
    cut: () => {
      for (const socket of open.keys()) socket.terminate();
    },
    gone: () =>
      open.size === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve)),
  };
}

type Enter = (request: IncomingMessage, tls: TLSSocket, head: Buffer) => void;

function acceptUpgrades({ world, settings, onConnection }: RealtimeParts, members: Members): Enter {
  const upgrades = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // 240 KiB per connection and stalls on mass disconnects; terminals send little.
    perMessageDeflate: false,
    maxPayload: settings.maxPayloadBytes,
    maxFragments: LIMITS.fragmentsMax,
    handleProtocols: (offered: Set<string>) => chooseProtocol(offered, settings.protocols) ?? false,
  });
  return (request, tls, head) =>
    upgrades.handleUpgrade(request, tls, head, (socket) => {
      tls.setNoDelay(true);
      const connection = createConnection({ socket, tls, world, settings });
      members.add(connection, socket);
      onConnection(connection);
    });
}

const HANDSHAKE_TIMES = {
  handshakeTimeout: LIMITS.handshakeMs,
  headersTimeout: LIMITS.handshakeMs,
  requestTimeout: LIMITS.handshakeMs,
  keepAliveTimeout: 1,
};

function tlsOptions({ certPem, keyPem }: { certPem: string; keyPem: string }): object {
  return { cert: certPem, key: keyPem, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' };
}
