// The HTTP clients of the providers, and the gateway's identity: what compose.ts opens to the outside.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/load.ts';
import { clientSettings } from './compose-settings.ts';
import { type LiveConfig, viewOf } from './live-config.ts';
import type { DevicesSettings } from './domains/devices/index.ts';
import {
  type GatewayIdentity,
  openGatewayIdentity,
  readGatewayIdentity,
} from './platform/crypto/appliance-authority.ts';
import { readAuthorities } from './platform/outside/authorities.ts';
import { createHttpClient } from './platform/outside/http-client.ts';
import type { HttpClient } from './platform/outside/http-exchange.ts';
import type { Seams } from './seams.ts';
import type { World } from './shared/world.ts';

/** An address nobody listens on: a provider that is not configured refuses every connection. */
const NOWHERE = 'http://127.0.0.1:1';

export function createClients(
  world: World,
  live: LiveConfig,
  seams: Seams,
): Record<'stripe' | 'veriff', HttpClient> {
  const { ca_file: caFile } = live.current().outside;
  const trust = caFile === null ? {} : { ca: readAuthorities(caFile) };
  const open = (provider: 'stripe' | 'veriff'): HttpClient => {
    const settings = viewOf(live, (config) => {
      const { enabled, base_url: baseUrl } = config.providers[provider];
      const base = enabled ? (baseUrl ?? NOWHERE) : NOWHERE;
      return { baseUrl: base, ...clientSettings(config, provider), ...trust };
    });
    return seams.client(createHttpClient(world, settings));
  };
  return { stripe: open('stripe'), veriff: open('veriff') };
}

/** Reads the customer's files, or our own, made anew when they are missing or too old. */
export function gatewayIdentity(
  world: Pick<World, 'clock' | 'random'>,
  { gateway, data_dir: data }: Pick<Config, 'gateway' | 'data_dir'>,
): GatewayIdentity {
  const { cert_file: certFile, key_file: keyFile } = gateway.tls;
  if (certFile !== null && keyFile !== null) {
    return readGatewayIdentity(readFileSync(certFile, 'utf8'), readFileSync(keyFile, 'utf8'));
  }
  const folder = join(data, 'gateway');
  return openGatewayIdentity(world, { folder, publicNames: gateway.public_names });
}

export function deviceSettings(world: World, live: LiveConfig): DevicesSettings {
  const unique = Buffer.from(world.random.bytes(4)).toString('hex');
  const { gateway } = live.current();
  return {
    replica: `${hostname()}-${process.pid}-${unique}`,
    gateway: viewOf(live, gatewaySettings),
    endpoint: {
      host: gateway.public_names.find((name) => name !== 'localhost') ?? 'localhost',
      port: gateway.port === 0 ? null : gateway.port,
    },
  };
}

function gatewaySettings({ gateway }: Config): DevicesSettings['gateway'] {
  return {
    host: gateway.host,
    port: gateway.port,
    maxPayloadBytes: gateway.max_payload_bytes,
    pingMs: gateway.heartbeat_ms,
    pongDeadlineMs: gateway.pong_deadline_ms,
    sendQueueBytes: gateway.send_queue_bytes,
    connectionsMax: gateway.connections_max,
    connectsPerSecond: gateway.connects_per_second,
    authDeadlineMs: gateway.auth_deadline_ms,
    windowEvents: gateway.window_events,
    decideDeadlineMsMax: gateway.decide_deadline_ms_max,
  };
}
