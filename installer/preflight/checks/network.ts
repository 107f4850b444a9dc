// Ports, addresses and names by which the appliance will be reached.

import { isIP } from 'node:net';
import { type Check, fail, type Finding, judge, ON_THIS_MACHINE, pass, skip } from '../check.ts';
import type { PreflightContext } from '../check.ts';
import type { PreflightHost } from '../host.ts';
import { restAddress } from './installation.ts';

const PROBE_TIMEOUT_MS = 3_000;
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);
const EVERY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

export const NETWORK_CHECKS: readonly Check[] = [
  {
    id: 'port-http',
    title: 'The port of the REST listener is free, or already ours',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'It is tried by listening on it for a moment. A port that an appliance of this kind answers on is taken to be the one that is replaced.',
    remedy: 'Stop what listens there (ss -ltnp shows it), or choose another http.port.',
    check: (host, { config }) => portCheck(host, config, config.http),
  },
  {
    id: 'port-gateway',
    title: 'The port of the device gateway is free, or already ours',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'Terminals know this port by heart. It is tried by listening on it for a moment.',
    remedy: 'Stop what listens there (ss -ltnp shows it), or choose another gateway.port.',
    check: (host, { config }) => portCheck(host, config, config.gateway),
  },
  {
    id: 'public-names',
    title: 'The names terminals use lead to this machine',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'gateway.public_names go into the certificate, and terminals connect to them. A name that leads elsewhere, or nowhere, leaves the doors closed. Behind a load balancer this is expected.',
    remedy: 'Correct gateway.public_names, or the DNS entry (or /etc/hosts) of the name.',
    check: async (host, { config }) => {
      const own = new Set(host.machine().addresses);
      const complaints: string[] = [];
      for (const name of config.gateway.public_names) {
        const found = isIP(name) === 0 ? await host.resolve(name) : [name];
        if (found.length === 0) complaints.push(`${name} does not resolve`);
        else if (!found.some((address) => own.has(address))) {
          complaints.push(`${name} is ${found.join(', ')}, not an address of this machine`);
        }
      }
      return judge(complaints, config.gateway.public_names.join(', '));
    },
  },
  {
    id: 'public-names-outside',
    title: 'Terminals have a name that works from their own place',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'localhost in the certificate means the terminal itself to a terminal. When the gateway binds more than loopback, at least one name must be one that the LAN knows.',
    remedy: 'Add the name or address of this machine on the LAN to gateway.public_names.',
    check: async (_host, { config: { gateway } }) => {
      if (LOOPBACK.has(gateway.host)) return skip('the gateway binds loopback only');
      const outside = gateway.public_names.filter((name) => !LOOPBACK.has(name));
      return outside.length > 0
        ? pass(outside.join(', '))
        : fail(`only ${gateway.public_names.join(', ') || 'an empty list'}`);
    },
  },
  {
    id: 'http-exposed',
    title: 'The REST listener is not open to the network without TLS',
    severity: 'warn',
    runtimes: ['process'],
    doc: 'It speaks plain HTTP. API keys and personal data on a wire are for everybody on that wire.',
    remedy: 'Set http.host to 127.0.0.1 and put a reverse proxy with TLS in front of it.',
    check: async (_host, { config: { http } }) =>
      LOOPBACK.has(http.host)
        ? pass(`it binds ${http.host}`)
        : fail(`it binds ${http.host} and speaks plain HTTP`),
  },
];

async function portCheck(
  host: PreflightHost,
  config: PreflightContext['config'],
  wanted: { host: string; port: number },
): Promise<Finding> {
  const place = `${wanted.host}:${wanted.port}`;
  if (wanted.port === 0) return pass('the system chooses the port');
  const state = await host.portState(wanted.host, wanted.port);
  if (state === 'free') return pass(`${place} is free`);
  if (state === 'forbidden') {
    return fail(
      `${place} is privileged, and user ${host.machine().uid} may not listen on it`,
      'Choose a port from 1024 on, or grant CAP_NET_BIND_SERVICE.',
    );
  }
  if (state === 'not_here') {
    const known = host.machine().addresses.join(', ');
    return fail(
      `${wanted.host} is not an address of this machine, which has ${known}`,
      `Bind an address that the machine has, or ${[...EVERY_ADDRESS][0]} for all of them.`,
    );
  }
  return (await isOurs(host, config))
    ? pass(`${place} is held by an appliance that runs already`)
    : fail(`${place} is in use by something else`);
}

/** The REST listener says who it is; the gateway of the same appliance is believed with it. */
async function isOurs(host: PreflightHost, config: PreflightContext['config']): Promise<boolean> {
  const url = `${restAddress(config)}/version`;
  const answer = await host.request(url, { timeoutMs: PROBE_TIMEOUT_MS });
  if (!answer.ok || answer.status !== 200) return false;
  try {
    const said = JSON.parse(answer.body) as { version?: unknown; commit?: unknown };
    return typeof said.version === 'string' && typeof said.commit === 'string';
  } catch {
    return false; // somebody else's page
  }
}
