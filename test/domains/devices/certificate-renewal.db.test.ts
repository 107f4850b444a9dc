// The gateway's certificate grows old while terminals are connected: by real handshakes, with the clock of
// the authority moved.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as dialTls, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import {
  type AuthoritySettings,
  openGatewayIdentity,
} from '../../../server/platform/crypto/appliance-authority.ts';
import {
  keepIdentityFresh,
  RENEWAL_LOOK_MS,
} from '../../../server/platform/crypto/identity-renewal.ts';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import { createTestWorld } from '../../support/world.ts';
import { connect } from './channel.ts';
import { claimedDevice, type Rig, startRig } from './gateway-rig.ts';

const { deps, seedOrganization } = useTestDatabase();
let seeded: SeededOrganization;
beforeAll(async () => {
  seeded = await seedOrganization();
});
const folder = mkdtempSync(join(tmpdir(), 'sallyport-renewal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const open: Rig[] = [];
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.stop();
});

const HOUR_MS = 3_600_000;

async function start(name: string) {
  // TLS judges validity by the real clock, so the life is short enough for both.
  const world = createTestWorld({ start: Date.now(), timers: 'virtual' });
  const settings: AuthoritySettings = {
    folder: join(folder, name),
    publicNames: ['127.0.0.1', 'localhost'],
    lifeMs: 6 * HOUR_MS,
  };
  const identity = openGatewayIdentity(world, settings);
  const rig = await startRig(deps(), { replica: name, identity });
  open.push(rig);
  const failing = { now: false };
  const renewal = keepIdentityFresh({
    world,
    log: pino({ enabled: false }),
    current: identity,
    open: () => {
      if (failing.now) throw new Error('the disk is full');
      return openGatewayIdentity(world, settings);
    },
    use: rig.devices.gateway.useCertificate,
  });
  return { world, identity, rig, renewal, failing, settings };
}

/** The serial that a new handshake sees, judged by the anchor alone. */
function serialAt(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = dialTls(
      { host: '127.0.0.1', port, ca, minVersion: 'TLSv1.3' },
      () => {
        resolve(socket.getPeerX509Certificate()?.serialNumber ?? '');
        socket.destroy();
      },
    );
    socket.once('error', reject);
  });
}

describe('the certificate of a running gateway', () => {
  test('is renewed at two thirds of its life; the line stays, pinned terminals come back', async () => {
    const { world, identity, rig, renewal } = await start('renewed');
    const device = await claimedDevice(rig, seeded);
    const line = await connect(device);
    const first = await serialAt(rig.port, identity.anchorPem);
    world.clock.advance(3 * HOUR_MS);
    expect(await serialAt(rig.port, identity.anchorPem)).toBe(first);
    world.clock.advance(HOUR_MS + RENEWAL_LOOK_MS);
    const second = await serialAt(rig.port, identity.anchorPem);
    expect(second).not.toBe(first);
    line.send({ t: 'hb', ts: 1 });
    expect(await line.next('time')).toMatchObject({ t1: 1 });
    const again = await connect(device);
    expect(again.welcome).toMatchObject({ gen: 2 });
    await again.close();
    renewal.stop();
    world.clock.advance(24 * HOUR_MS);
    expect(await serialAt(rig.port, identity.anchorPem)).toBe(second);
  });

  test('stays in use while a new one cannot be made, and is renewed later', async () => {
    const { world, identity, rig, failing } = await start('failing');
    const first = await serialAt(rig.port, identity.anchorPem);
    failing.now = true;
    world.clock.advance(5 * HOUR_MS);
    expect(await serialAt(rig.port, identity.anchorPem)).toBe(first);
    failing.now = false;
    world.clock.advance(RENEWAL_LOOK_MS);
    expect(await serialAt(rig.port, identity.anchorPem)).not.toBe(first);
  });

  test('is not exchanged for one under another anchor', async () => {
    const { world, identity, rig, settings } = await start('anchored');
    const first = await serialAt(rig.port, identity.anchorPem);
    rmSync(settings.folder, { recursive: true });
    world.clock.advance(RENEWAL_LOOK_MS);
    expect(await serialAt(rig.port, identity.anchorPem)).toBe(first);
  });
});
