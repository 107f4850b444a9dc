// Names, ports and HTTP of the real machine, for the checks.

import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import { getCACertificates } from 'node:tls';
import { Agent, ProxyAgent, request as send } from 'undici';
import type { HttpOutcome, PortState, RequestOptions } from './host.ts';

/** Enough to know whose answer it is. */
const BODY_CHARACTERS_MAX = 4096;

export async function resolveName(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

export function portState(host: string, port: number): Promise<PortState> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('in_use');
      else if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') resolve('not_here');
      else if (error.code === 'EACCES') resolve('forbidden');
      else reject(error);
    });
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve('free')));
  });
}

export async function request(
  url: string,
  { timeoutMs, ca, proxy }: RequestOptions,
): Promise<HttpOutcome> {
  // An authority of the site comes beside the public ones, not in their place. What this process was given in
  // NODE_EXTRA_CA_CERTS is left out: the server does not inherit it.
  const trusted = [...getCACertificates('bundled'), ...(ca === undefined ? [] : [ca])];
  const tls = { timeout: timeoutMs, ca: trusted };
  const agent =
    proxy === undefined
      ? new Agent({ connect: tls })
      : new ProxyAgent({
          uri: proxy.url,
          ...basic(proxy.password),
          requestTls: tls,
          proxyTls: tls,
        });
  try {
    const { statusCode, body } = await send(url, {
      dispatcher: agent,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await body.text();
    return { ok: true, status: statusCode, body: text.slice(0, BODY_CHARACTERS_MAX) };
  } catch (error) {
    return { ok: false, code: codeOf(error) };
  } finally {
    await agent.destroy();
  }
}

function basic(password: string | null): { token?: string } {
  return password === null
    ? {}
    : { token: `Basic ${Buffer.from(password, 'utf8').toString('base64')}` };
}

/** The first code in the chain of causes; else the name of the error. */
function codeOf(error: unknown): string {
  type Caused = { code?: unknown; name?: unknown; cause?: unknown } | null | undefined;
  for (let at = error as Caused; at !== null && at !== undefined; at = at.cause as Caused) {
    if (at.name === 'TimeoutError') return 'ETIMEDOUT';
    if (typeof at.code === 'string' && at.code !== 'UND_ERR_ABORTED') return at.code;
  }
  const name = (error as Caused)?.name;
  return typeof name === 'string' ? name : 'unknown';
}
