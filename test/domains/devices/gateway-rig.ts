// A gateway on a free port of loopback over a real database, with an `echo` decision and a command result
// that keeps no secret. Everything as in production but the meaning of questions.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDevices,
  type Decision,
  type Devices,
  type DevicesOptions,
} from '../../../server/domains/devices/index.ts';
import {
  type GatewayIdentity,
  openGatewayIdentity,
} from '../../../server/platform/crypto/appliance-authority.ts';
import type { Deps } from '../../../server/platform/deps.ts';
import { realTimers } from '../../support/world.ts';
import type { SeededOrganization } from '../../support/database.ts';
import { claim, type Identity } from './channel.ts';

export interface Rig {
  devices: Devices;
  deps: Deps;
  port: number;
  identity: GatewayIdentity;
  stop(): Promise<void>;
}

export interface RigChanges {
  gateway?: Partial<DevicesOptions['settings']['gateway']>;
  /** A mere function decides; when the deadline came first, nothing is in force. */
  decisions?: Record<string, Decision | Decision['decide']>;
  commandResults?: DevicesOptions['commandResults'];
  replica?: string;
  identity?: GatewayIdentity;
}

export const echo: Decision['decide'] = async (_context, { p }) => ({
  decision: p['refuse'] === true ? 'refused' : 'approved',
  reason: null,
  echo: p,
});

function whole(decisions: NonNullable<RigChanges['decisions']>): Record<string, Decision> {
  const giveUp: Decision['giveUp'] = async () => ({ decision: 'expired', reason: null });
  return Object.fromEntries(
    Object.entries(decisions).map(([kind, each]) => [
      kind,
      typeof each === 'function' ? { decide: each, giveUp } : each,
    ]),
  );
}

const TEST_ACTOR = { kind: 'system', id: 'test' };

export async function startRig(from: Deps, changes: RigChanges = {}): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-gateway-'));
  const deps = { ...from, world: { ...from.world, timers: realTimers() } };
  const names = { folder, publicNames: ['127.0.0.1', 'localhost'] };
  // TLS judges validity by the real clock, whatever the test's clock says.
  const clock = { now: () => Date.now() };
  const identity = changes.identity ?? openGatewayIdentity({ ...deps.world, clock }, names);
  const devices = createDevices(deps, {
    identity,
    claimKey: Buffer.alloc(32, 9),
    decisions: whole({ echo, ...changes.decisions }),
    commandResults: changes.commandResults ?? {},
    settings: {
      replica: changes.replica ?? 'test-1',
      endpoint: { host: '127.0.0.1', port: null },
      gateway: {
        host: '127.0.0.1',
        port: 0,
        maxPayloadBytes: 262_144,
        pingMs: 25_000,
        pongDeadlineMs: 10_000,
        sendQueueBytes: 1_048_576,
        connectionsMax: 200,
        connectsPerSecond: 500,
        // No test but its own waits for it; a machine under load needs seconds for a handshake.
        authDeadlineMs: 30_000,
        windowEvents: 256,
        decideDeadlineMsMax: 5_000,
        ...changes.gateway,
      },
    },
  });
  const { port } = await devices.gateway.start();
  return {
    devices,
    deps,
    port,
    identity,
    stop: async () => {
      await devices.gateway.stop(1_000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function register(
  { devices, deps }: Rig,
  { orgId, siteId }: Pick<SeededOrganization, 'orgId' | 'siteId'>,
  name = 'Gate',
): Promise<string> {
  const wanted = { nodeId: siteId, name, model: null, serial: null };
  const made = await devices.register(deps.databases.org(orgId), {
    ...wanted,
    actor: TEST_ACTOR,
    traceId: null,
  });
  return made.id;
}

export async function issueCode(rig: Rig, orgId: string, deviceId: string): Promise<string> {
  const db = rig.deps.databases.org(orgId);
  const issued = await rig.devices.issueClaim(db, { deviceId, actor: TEST_ACTOR, traceId: null });
  return issued.qrText;
}

/** Registered and claimed, ready to say hello. */
export async function claimedDevice(rig: Rig, seeded: SeededOrganization): Promise<Identity> {
  return claim(await issueCode(rig, seeded.orgId, await register(rig, seeded)));
}

export async function sendCommand(
  rig: Rig,
  orgId: string,
  command: { deviceId: string; method: string; params?: Record<string, unknown>; lifeMs?: number },
): Promise<string> {
  const { deviceId, method, params = {}, lifeMs = null } = command;
  const wanted = { deviceId, method, params, lifeMs, actor: TEST_ACTOR, traceId: null };
  return (await rig.devices.sendCommand(rig.deps.databases.org(orgId), wanted)).id;
}
