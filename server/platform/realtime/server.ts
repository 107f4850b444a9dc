// A WebSocket listener that ends TLS 1.3 itself: channel binding needs the session. Owns the handshake,
// admission and the set of open connections; what is said on them is the caller's.

import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
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
  const { world, settings, certificate, onConnection } = parts;
  const open = new Set<Connection>();
  const state: AdmissionState = {
    stopping: false,
    connections: 0,
    connects: createTokenBucket(world.monotonic, {
      perSecond: settings.connectsPerSecond,
      burst: settings.connectsPerSecond,
    }),
  };
  const server = createServer({
    ...tlsOptions(certificate),
    handshakeTimeout: LIMITS.handshakeMs,
    headersTimeout: LIMITS.handshakeMs,
    requestTimeout: LIMITS.handshakeMs,
    keepAliveTimeout: 1,
  });
  server.maxConnections = settings.connectionsMax + LIMITS.pendingSockets;
  const upgrades = new WebSocketServer(webSocketOptions(settings));

  server.on('request', (_request, response) => {
    response.writeHead(426, { connection: 'close', upgrade: 'websocket' });
    response.end('{"error":"upgrade_required"}\n');
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const refusal = refuseUpgrade(request, settings, state);
    if (refusal !== null) {
      parts.onRefused?.(refusal.status);
      return writeRefusal(socket, refusal);
    }
    upgrades.handleUpgrade(request, socket, head, (webSocket) => {
      // The handshake of HTTP is over: nothing of the request is kept per connection.
      const tls = socket as TLSSocket;
      tls.setNoDelay(true);
      const connection = createConnection({ socket: webSocket, tls, world, settings });
      state.connections += 1;
      open.add(connection);
      webSocket.once('close', () => {
        state.connections -= 1;
        open.delete(connection);
      });
      onConnection(connection);
    });
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
    connections: () => state.connections,
    useCertificate: (renewed) => server.setSecureContext(tlsOptions(renewed)),
    stop: (deadlineMs) => {
      state.stopping = true;
      for (const connection of open) connection.close(CLOSE.goingAway, 'the server is stopping');
      return new Promise((resolve) => {
        const cut = world.timers.after(deadlineMs, () => {
          for (const client of upgrades.clients) client.terminate();
          server.closeAllConnections();
        });
        server.close(() => {
          cut.cancel();
          resolve();
        });
        server.closeIdleConnections();
      });
    },
  };
}

function tlsOptions({ certPem, keyPem }: { certPem: string; keyPem: string }): object {
  return { cert: certPem, key: keyPem, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' };
}

function webSocketOptions(settings: RealtimeSettings): object {
  return {
    noServer: true,
    clientTracking: true,
    // 240 KiB per connection and stalls on mass disconnects; terminals send little.
    perMessageDeflate: false,
    maxPayload: settings.maxPayloadBytes,
    maxFragments: LIMITS.fragmentsMax,
    handleProtocols: (offered: Set<string>) => chooseProtocol(offered, settings.protocols) ?? false,
  };
}
