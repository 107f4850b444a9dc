// Whom the terminal believes: first a pin, from then on the certificate it got when it was claimed.

import { createHash, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import type { Binding } from './proofs.ts';

export const SUBPROTOCOL = 'dgw.1.json';
const CONNECT_MAX_MS = 10_000;

export type Address = { host: string; port: number };

/** The certificate that the pin names, out of those the gateway shows. Nothing is sent to it yet. */
export function fetchAnchor({ host, port }: Address, pin: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...tlsOptions(host, port), rejectUnauthorized: false });
    socket.setTimeout(CONNECT_MAX_MS, () => socket.destroy(new Error('no TLS in time')));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      const found = chainOf(socket).find((certificate) => pinOf(certificate) === pin);
      socket.destroy();
      if (found === undefined) reject(new Error('none of its certificates has the pinned key'));
      else resolve(found.toString());
    });
  });
}

/** A connection whose chain, validity and name were checked against the one anchor. */
export function dial(
  { host, port }: Address,
  anchor: string,
  protocols: string[] = [SUBPROTOCOL],
): WebSocket {
  const name = isIP(host) === 6 ? `[${host}]` : host;
  return new WebSocket(`wss://${name}:${port}/v1/devices/connect`, protocols, {
    ...tlsOptions(host, port),
    ca: anchor,
    allowPartialTrustChain: true,
    perMessageDeflate: false,
    handshakeTimeout: CONNECT_MAX_MS,
  });
}

export function bindingOf(socket: WebSocket, nonce: string): Binding {
  // ws keeps the TLS socket to itself; it alone can export.
  const tls = (socket as unknown as { _socket: TLSSocket })._socket;
  return {
    nonce: Buffer.from(nonce, 'base64url'),
    exporter: tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)),
    subprotocol: socket.protocol,
  };
}

export function pinOf(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64url');
}

function tlsOptions(host: string, port: number): object {
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return { host, port, minVersion: 'TLSv1.3', ...servername };
}

function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  while (next !== undefined && chain.length < 8) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}
