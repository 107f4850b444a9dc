// The gateway under hands that are wrong: forged, relayed, replayed, guessed, broken, slow and silent. After
// each, the database holds what it held before, but for what says that somebody tried.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { connect as tlsConnect } from 'node:tls';
import { type Binding, makeKey } from '../../../simulators/terminal/proofs.ts';
import { changeStatus } from '../../../server/domains/devices/change-status.ts';
import type { DevicesParts } from '../../../server/domains/devices/parts.ts';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import {
  claim,
  claimFrame,
  connect,
  type Frame,
  helloFrame,
  type Identity,
  openChannel,
} from './channel.ts';
import { claimedDevice, issueCode, register, type Rig, startRig } from './gateway-rig.ts';

const { databases, deps, world, seedOrganization } = useTestDatabase();
let rig: Rig;
let seeded: SeededOrganization;

beforeAll(async () => {
  seeded = await seedOrganization();
  rig = await startRig(deps());
});
afterAll(() => rig.stop());

const device = (): Promise<Identity> => claimedDevice(rig, seeded);
const told = async (subjectId: string, type: string): Promise<number> => {
  const rows = await databases()
    .org(seeded.orgId)
    .query('select id from event where org_id = $1 and subject_id = $2 and type = $3', [
      seeded.orgId,
      subjectId,
      type,
    ]);
  return rows.length;
};
const gens = async (deviceId: string): Promise<unknown[]> =>
  databases()
    .org(seeded.orgId)
    .query('select gen from device_lease where org_id = $1 and device_id = $2', [
      seeded.orgId,
      deviceId,
    ]);
/** Sends one first frame and says how the connection ended. */
const greetWith = async (
  identity: { host: string; port: number; ca: string },
  make: (channel: Awaited<ReturnType<typeof openChannel>>) => Frame | string,
): Promise<{ code: number; reason: string }> => {
  const channel = await openChannel(identity);
  const frame = make(channel);
  channel.sendText(typeof frame === 'string' ? frame : JSON.stringify(frame));
  return channel.closed;
};
const setStatus = (deviceId: string, move: 'suspend' | 'resume' | 'revoke') =>
  changeStatus(
    { deps: rig.deps, hint: rig.devices.gateway.hint } as DevicesParts,
    rig.deps.databases.org(seeded.orgId),
    { deviceId, move, actor: { kind: 'system', id: 'test' }, traceId: null },
  );

describe('1 Transport', () => {
  const refuse = (options: { path?: string; headers?: Record<string, string> }) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const request = httpsRequest(
        {
          host: '127.0.0.1',
          port: rig.port,
          path: options.path ?? '/v1/devices/connect',
          ca: rig.identity.anchorPem,
          agent: false,
          headers: {
            connection: 'upgrade',
            upgrade: 'websocket',
            'sec-websocket-version': '13',
            'sec-websocket-key': randomBytes(16).toString('base64'),
            'sec-websocket-protocol': 'dgw.1.json',
            ...options.headers,
          },
        },
        (response) => {
          let body = '';
          response.on('data', (chunk: Buffer) => (body += chunk.toString()));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        },
      );
      request.on('error', reject);
      request.end();
    });

  test('another path is 404', async () => {
    expect(await refuse({ path: '/pub/chat' })).toMatchObject({ status: 404 });
  });

  test('no common subprotocol is 400 with the supported list', async () => {
    const answer = await refuse({ headers: { 'sec-websocket-protocol': 'ocpp2.0.1, dgw.9.json' } });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ supported: ['dgw.1.json'] });
  });

  test('a request without an upgrade is 426', async () => {
    expect(await refuse({ headers: { connection: 'close', upgrade: '' } })).toMatchObject({
      status: 426,
    });
  });

  test('TLS 1.2 is not spoken', async () => {
    const error = await new Promise<Error>((resolve) => {
      const socket = tlsConnect({
        host: '127.0.0.1',
        port: rig.port,
        maxVersion: 'TLSv1.2',
        rejectUnauthorized: false,
      });
      socket.once('error', resolve);
      socket.once('secureConnect', () => resolve(new Error('connected')));
    });
    expect(error.message).toMatch(/protocol version|alert/);
  });

  test('a device that knows another anchor does not connect', async () => {
    const other = await startRig(deps(), { replica: 'foreign' });
    const identity = await device();
    await expect(openChannel({ ...identity, ca: other.identity.anchorPem })).rejects.toThrow(
      /certificate|signature/,
    );
    await other.stop();
  });
});

describe('3 Signatures', () => {
  test('a changed, unsigned or foreign hello is refused, always the same', async () => {
    const [identity, other] = [await device(), await device()];
    const attempts: ((binding: Binding) => Frame)[] = [
      (binding) => helloFrame(identity, binding, { change: { fw: 'changed' } }),
      (binding) => helloFrame(identity, binding, { key: makeKey('Ed25519') }),
      (binding) => helloFrame(identity, binding, { key: makeKey('P-256') }),
      (binding) => helloFrame({ ...identity, key: other.key }, binding),
      (binding) => helloFrame({ ...identity, device: other.device }, binding),
      (binding) => helloFrame({ ...identity, device: 'dev_00000000000000000000000000' }, binding),
      (binding) =>
        helloFrame(identity, binding, { binding: { ...binding, exporter: randomBytes(32) } }),
      (binding) =>
        helloFrame(identity, binding, { binding: { ...binding, nonce: randomBytes(32) } }),
      (binding) =>
        helloFrame(identity, binding, { binding: { ...binding, subprotocol: 'dgw.0.json' } }),
      (binding) => helloFrame(identity, binding, { change: { sig: 'AAAA' } }),
    ];
    for (const attempt of attempts) {
      const end = await greetWith(identity, ({ binding }) => attempt(binding));
      expect(end).toEqual({ code: 4500, reason: 'the hello does not verify' });
    }
    expect(await gens(identity.device)).toEqual([]);
    expect(await told(identity.device, 'device.authentication_failed')).toBe(1);
  });

  test('a hello relayed to another TLS session or sent again on the next one is refused', async () => {
    const identity = await device();
    const first = await openChannel(identity);
    const hello = helloFrame(identity, first.binding);
    expect(await greetWith(identity, () => hello)).toMatchObject({ code: 4500 });
    first.send(hello);
    await first.next('welcome');
    expect(await greetWith(identity, () => hello)).toMatchObject({ code: 4500 });
    expect(await gens(identity.device)).toEqual([{ gen: 1 }]);
    await first.close();
  });

  test('a hello with what has no canonical form is refused though it is signed', async () => {
    const identity = await device();
    for (const extra of [{ boot: 'a"b' }, { clock: { ts: 1.5, src: 'ntp', err_ms: 0 } }]) {
      const end = await greetWith(identity, ({ binding }) => ({
        ...helloFrame(identity, binding),
        ...extra,
      }));
      expect([4500, 4501]).toContain(end.code);
    }
  });
});

describe('4 Claiming', () => {
  const at = async (qr: string) => {
    const { fetchAnchor } = await import('../../../simulators/terminal/trust.ts');
    const pin = /S=(.*)$/.exec(qr)?.[1] ?? '';
    const address = { host: '127.0.0.1', port: rig.port };
    return { ...address, ca: await fetchAnchor(address, pin) };
  };

  test('a wrong secret is refused and counted; after five tries the right one is too', async () => {
    const deviceId = await register(rig, seeded);
    const qr = await issueCode(rig, seeded.orgId, deviceId);
    const gateway = await at(qr);
    const tries = Array.from({ length: 8 }, () =>
      greetWith(gateway, ({ binding }) => claimFrame(binding, qr, { secret: '00000000' })),
    );
    for (const end of await Promise.all(tries)) {
      expect(end).toEqual({ code: 4504, reason: 'claim refused' });
    }
    const rows = await databases()
      .org(seeded.orgId)
      .query('select attempts, used_at from device_claim where org_id = $1 and device_id = $2', [
        seeded.orgId,
        deviceId,
      ]);
    expect(rows).toEqual([{ attempts: 5, used_at: null }]);
    world().clock.advance(60_000);
    await expect(claim(qr)).rejects.toThrow('4504');
  });

  test('a code is used by one key, expires, and is replaced by the next', async () => {
    const deviceId = await register(rig, seeded);
    const used = await issueCode(rig, seeded.orgId, deviceId);
    await claim(used);
    await expect(claim(used)).rejects.toThrow('4504');
    const replaced = await issueCode(rig, seeded.orgId, deviceId);
    const expired = await issueCode(rig, seeded.orgId, deviceId);
    await expect(claim(replaced)).rejects.toThrow('4504');
    world().clock.advance(15 * 60_000);
    await expect(claim(expired)).rejects.toThrow('4504');
    await claim(await issueCode(rig, seeded.orgId, deviceId));
  });

  test('a claim relayed from another session, changed, or without proof of its key is refused', async () => {
    const deviceId = await register(rig, seeded);
    const qr = await issueCode(rig, seeded.orgId, deviceId);
    const gateway = await at(qr);
    const relayed = await greetWith(gateway, ({ binding }) =>
      claimFrame(binding, qr, { binding: { ...binding, exporter: randomBytes(32) } }),
    );
    const changed = await greetWith(gateway, ({ binding }) =>
      claimFrame(binding, qr, { change: { model: 'other' } }),
    );
    const unproven = await greetWith(gateway, ({ binding }) =>
      claimFrame(binding, qr, { change: { sig: randomBytes(64).toString('base64url') } }),
    );
    for (const end of [relayed, changed, unproven]) expect(end.code).toBe(4504);
    world().clock.advance(60_000);
    expect((await claim(qr)).device).toBe(deviceId);
  });

  test('an address that guesses is slowed down', async () => {
    const qr = await issueCode(rig, seeded.orgId, await register(rig, seeded));
    const gateway = await at(qr);
    const guess = () =>
      greetWith(gateway, ({ binding }) => claimFrame(binding, qr.replace(/C=..../, 'C=0000')));
    const codes: number[] = [];
    for (let tries = 0; tries < 14; tries += 1) codes.push((await guess()).code);
    expect(codes).toContain(4504);
    expect(codes.at(-1)).toBe(4013);
    world().clock.advance(60_000);
    expect((await guess()).code).toBe(4504);
    world().clock.advance(60_000);
  });
});

describe('5 Connecting', () => {
  test('nobody waits for a hello for ever', async () => {
    const hasty = await startRig(deps(), { replica: 'hasty', gateway: { authDeadlineMs: 300 } });
    const at = { host: '127.0.0.1', port: hasty.port, ca: hasty.identity.anchorPem };
    const channel = await openChannel(at);
    expect(await channel.closed).toMatchObject({ code: 4101 });
    await hasty.stop();
  });

  test('a suspended or revoked device is put off the line and not let in', async () => {
    const identity = await device();
    const channel = await connect(identity);
    await setStatus(identity.device, 'suspend');
    expect(await channel.closed).toEqual({ code: 4503, reason: 'suspended' });
    await expect(connect(identity)).rejects.toThrow('4503 suspended');
    await setStatus(identity.device, 'resume');
    const again = await connect(identity);
    await setStatus(identity.device, 'revoke');
    expect(await again.closed).toEqual({ code: 4503, reason: 'revoked' });
    await expect(connect(identity)).rejects.toThrow('4503 revoked');
  });

  test('a frame before welcome, or a large first one, ends the connection', async () => {
    const identity = await device();
    const eager = await openChannel(identity);
    eager.send(helloFrame(identity, eager.binding));
    eager.send({ t: 'hb', ts: 1 });
    expect(await eager.closed).toMatchObject({ code: 4501 });
    const large = await greetWith(identity, ({ binding }) =>
      helloFrame(identity, binding, { with: { fill: 'x'.repeat(9_000) } }),
    );
    expect(large).toMatchObject({ code: 4501, reason: expect.stringContaining('8192') });
  });
});
