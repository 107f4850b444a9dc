// Connects through the customer's proxy: CONNECT (RFC 9110 §9.3.6), then TLS with the destination inside the
// tunnel, so the proxy sees its name and nothing else. Until the tunnel stands nothing of a request is written;
// its phases stay what they are without a proxy. Only https destinations go through it.

import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { toError } from '../../shared/errors.ts';

export interface ProxySettings {
  /** `http://proxy.example.com:3128` */
  url: string;
  /** `user:password`, sent to the proxy alone. */
  credentials: string | null;
  /** PEM of the authorities that are trusted for an https proxy; left out: those that Node knows. */
  ca?: string | readonly string[];
}

type Connector = ReturnType<typeof buildConnector>;

export class ProxyRefusedError extends Error {
  constructor(status: number, destination: string) {
    super(`The proxy answered ${status} to CONNECT ${destination}, expected 200.`);
    this.name = 'ProxyRefusedError';
  }
}

/** Wraps the connector that does the TLS with the destination. */
export function throughProxy(
  proxy: ProxySettings,
  connect: Connector,
  timeoutMs: number,
): Connector {
  const connectInside = async (...[options, callback]: Parameters<Connector>): Promise<void> => {
    const destination = `${options.hostname}:${options.port || 443}`;
    let httpSocket: Socket;
    try {
      httpSocket = await openTunnel(proxy, destination, timeoutMs);
    } catch (error) {
      callback(toError(error), null);
      return;
    }
    connect({ ...options, httpSocket }, callback);
  };
  return (options, callback) => {
    if (options.protocol === 'https:') void connectInside(options, callback);
    else connect(options, callback);
  };
}

function openTunnel(
  { url, credentials, ca }: ProxySettings,
  destination: string,
  timeoutMs: number,
): Promise<Socket> {
  const send = url.startsWith('https:') ? requestTls : requestPlain;
  const basic = credentials === null ? null : Buffer.from(credentials).toString('base64');
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: 'CONNECT',
      path: destination,
      agent: false,
      ...(ca === undefined ? {} : { ca: [ca].flat() }),
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        host: destination,
        ...(basic === null ? {} : { 'proxy-authorization': `Basic ${basic}` }),
      },
    });
    request.once('connect', ({ statusCode = 0 }, socket: Socket) => {
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new ProxyRefusedError(statusCode, destination));
    });
    request.once('response', ({ statusCode = 0 }) => {
      request.destroy();
      reject(new ProxyRefusedError(statusCode, destination));
    });
    request.once('error', reject);
    request.end();
  });
}
