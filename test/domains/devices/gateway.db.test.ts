// The gateway from outside, by the headings of docs/device-protocol.md: what a right device gets.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeKey } from '../../../simulators/terminal/proofs.ts';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import { claim, connect, doorEvent, EPOCH, type Identity } from './channel.ts';
import {
  claimedDevice,
  issueCode,
  register,
  type Rig,
  sendCommand,
  startRig,
} from './gateway-rig.ts';

const { databases, deps, seedOrganization } = useTestDatabase();
let rig: Rig;
let seeded: SeededOrganization;

beforeAll(async () => {
  seeded = await seedOrganization();
  rig = await startRig(deps(), {
    commandResults: {
      enrol: { store: async () => ({ templates: 1 }) },
    },
  });
});
afterAll(() => rig.stop());

const row = async (deviceId: string) => {
  const rows = await databases()
    .org(seeded.orgId)
    .query('select * from device where org_id = $1 and id = $2', [seeded.orgId, deviceId]);
  return rows[0] ?? {};
};
const storedEvents = (deviceId: string) =>
  databases()
    .org(seeded.orgId)
    .query<{ seq: number; status: string; id: string; body: string }>(
      'select seq, status, id, body from device_event where org_id = $1 and device_id = $2 order by seq',
      [seeded.orgId, deviceId],
    );
const told = async (subjectId: string): Promise<string[]> => {
  const rows = await databases()
    .org(seeded.orgId)
    .query<{ type: string }>(
      'select type from event where org_id = $1 and subject_id = $2 order by pos',
      [seeded.orgId, subjectId],
    );
  return rows.map(({ type }) => type);
};
const commandRow = async (id: string) => {
  const rows = await databases()
    .org(seeded.orgId)
    .query<{ status: string; result: string | null; sent_count: number }>(
      'select status, result, sent_count from device_command where org_id = $1 and id = $2',
      [seeded.orgId, id],
    );
  return rows[0];
};

describe('4 Claiming', () => {
  test.each(['Ed25519', 'P-256'] as const)(
    'a device claims its place with a %s key',
    async (algorithm) => {
      const deviceId = await register(rig, seeded);
      const identity = await claim(
        await issueCode(rig, seeded.orgId, deviceId),
        makeKey(algorithm),
      );
      expect(identity.device).toBe(deviceId);
      expect(await row(deviceId)).toMatchObject({ status: 'pending', key_algorithm: algorithm });
      const channel = await connect(identity);
      expect(await row(deviceId)).toMatchObject({ status: 'active' });
      expect(await told(deviceId)).toEqual([
        'device.created',
        'device.claim_code_issued',
        'device.claimed',
        'device.activated',
      ]);
      await channel.close();
    },
  );

  test('a device whose answer was lost repeats its claim with the same key', async () => {
    const deviceId = await register(rig, seeded);
    const qr = await issueCode(rig, seeded.orgId, deviceId);
    const key = makeKey('Ed25519');
    const first = await claim(qr, key);
    expect(await claim(qr, key)).toEqual(first);
    expect((await told(deviceId)).filter((type) => type === 'device.claimed')).toHaveLength(1);
  });

  test('a device claimed anew works with its new key, and the old connection ends', async () => {
    const old = await claimedDevice(rig, seeded);
    const channel = await connect(old);
    const renewed = await claim(await issueCode(rig, seeded.orgId, old.device));
    expect(await channel.closed).toMatchObject({ code: 4503 });
    const again = await connect(renewed);
    await expect(connect(old)).rejects.toThrow('4500');
    await again.close();
  });
});

describe('5 Connecting', () => {
  test('a newer connection replaces the older one and counts a generation on', async () => {
    const identity = await claimedDevice(rig, seeded);
    const first = await connect(identity);
    const second = await connect(identity);
    expect(await first.closed).toEqual({ code: 4009, reason: 'replaced by a newer connection' });
    expect(second.welcome['gen']).toBe(Number(first.welcome['gen']) + 1);
    await until(
      'the old one to have left',
      async () => rig.devices.gateway.stats().connections <= 1,
    );
    expect(await told(identity.device)).not.toContain('device.disconnected');
    await second.close();
    await until('the end to be told', async () =>
      (await told(identity.device)).includes('device.disconnected'),
    );
  });

  test('an event log made anew with a reason is told as such, without one as a security event', async () => {
    const identity = await claimedDevice(rig, seeded);
    await (await connect(identity, { ep: 'aaaaaaaaaaaaaaaa' })).close();
    await (await connect(identity, { ep: 'bbbbbbbbbbbbbbbb', reset: 'factory_reset' })).close();
    await (await connect(identity, { ep: 'cccccccccccccccc' })).close();
    const types = await told(identity.device);
    expect(types.filter((type) => type === 'device.log_replaced')).toHaveLength(1);
    expect(types.filter((type) => type === 'device.log_replaced_unexplained')).toHaveLength(1);
  });

  test('missing events are recorded with their range and passed', async () => {
    const identity = await claimedDevice(rig, seeded);
    const channel = await connect(identity, { oldest: 5, next: 9 });
    expect(channel.welcome['up']).toEqual({ ep: EPOCH, acked: 4 });
    expect(await told(identity.device)).toContain('device.events_missing');
    await channel.close();
  });

  test('a log that went backwards is told to start a new epoch', async () => {
    const identity = await claimedDevice(rig, seeded);
    const channel = await connect(identity);
    channel.send({ t: 'ev', ep: EPOCH, s: 1, e: [doorEvent('a'), doorEvent('b')] });
    await channel.next('ack');
    await channel.close();
    await expect(connect(identity, { next: 2 })).rejects.toThrow('4010');
    const again = await connect(identity, { ep: 'dddddddddddddddd', reset: 'regressed' });
    expect(again.welcome['up']).toEqual({ ep: 'dddddddddddddddd', acked: 0 });
    await again.close();
  });
});

describe('6 Events', () => {
  let identity: Identity;
  beforeAll(async () => {
    identity = await claimedDevice(rig, seeded);
  });

  test('are acknowledged after they are stored, and stored once though sent twice', async () => {
    const channel = await connect(identity);
    const batch = { t: 'ev', ep: EPOCH, s: 1, e: ['a', 'b', 'c'].map((id) => doorEvent(id)) };
    channel.send(batch);
    expect(await channel.next('ack')).toEqual({ t: 'ack', ep: EPOCH, s: 3, w: 256 });
    expect((await storedEvents(identity.device)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    channel.send(batch);
    expect(await channel.next('ack')).toMatchObject({ s: 3 });
    expect(await storedEvents(identity.device)).toHaveLength(3);
    await channel.close();
    const again = await connect(identity, { next: 4 });
    expect(again.welcome['up']).toEqual({ ep: EPOCH, acked: 3 });
    await again.close();
  });

  test('a poison event is kept as it came, acknowledged and listed', async () => {
    const channel = await connect(identity, { next: 7 });
    const bad = { id: 'x', ty: 'Not Right', p: { deep: true } };
    channel.send({ t: 'ev', ep: EPOCH, s: 4, e: [doorEvent('d'), bad, doorEvent('f')] });
    const ack = await channel.next('ack');
    expect(ack).toMatchObject({ s: 6, rej: [{ s: 5, code: 'bad_event' }] });
    expect(JSON.stringify(ack['rej'])).toContain('ty');
    const stored = await storedEvents(identity.device);
    expect(stored[4]).toMatchObject({ seq: 5, status: 'quarantined', body: JSON.stringify(bad) });
    await channel.close();
  });

  test('a hole is recorded and passed', async () => {
    const channel = await connect(identity, { next: 7 });
    channel.send({ t: 'ev', ep: EPOCH, s: 10, e: [doorEvent('k')] });
    expect(await channel.next('ack')).toMatchObject({ s: 10 });
    expect(await told(identity.device)).toContain('device.events_missing');
    await channel.close();
  });

  test('many devices share a transaction and each hears its own mark', async () => {
    const identities = await Promise.all([1, 2, 3, 4, 5].map(() => claimedDevice(rig, seeded)));
    const channels = await Promise.all(identities.map((each) => connect(each)));
    for (const [index, channel] of channels.entries()) {
      for (let frame = 0; frame <= index; frame += 1)
        channel.send({ t: 'ev', ep: EPOCH, s: frame + 1, e: [doorEvent(`e${frame}`)] });
    }
    for (const [index, channel] of channels.entries()) {
      await until('the last mark', async () => (await channel.next('ack'))['s'] === index + 1);
      await channel.close();
    }
  });
});

describe('7 Decisions', () => {
  test('a question is answered by the decision of its kind', async () => {
    const channel = await connect(await claimedDevice(rig, seeded));
    const ask = { t: 'ask', kind: 'echo', deadline_ms: 2_000, p: { n: 1 } };
    channel.send({ ...ask, id: 'opr_0000000000000001' });
    expect(await channel.next('answer')).toEqual({
      t: 'answer',
      id: 'opr_0000000000000001',
      decision: 'approved',
      reason: null,
      echo: { n: 1 },
    });
    channel.send({ ...ask, id: 'opr_0000000000000002', kind: 'nothing' });
    expect(await channel.next('answer')).toMatchObject({
      decision: 'error',
      reason: 'unknown_kind',
    });
    await channel.close();
  });
});

describe('8 Commands', () => {
  test('go to a connected device and are settled by its result', async () => {
    const identity = await claimedDevice(rig, seeded);
    const channel = await connect(identity);
    const params = { person_id: 'per_1', modality: 'face' };
    const id = await sendCommand(rig, seeded.orgId, {
      deviceId: identity.device,
      method: 'enrol',
      params,
    });
    const call = await channel.next('call');
    expect(call).toMatchObject({ id, off: 1, m: 'enrol', p: params, again: false });
    expect(await commandRow(id)).toMatchObject({ status: 'sent' });
    channel.send({ t: 'rcv', id });
    await until('received', async () => (await commandRow(id))?.status === 'received');
    channel.send({ t: 'res', id, r: { captures: [{ vector: 'secret' }] } });
    expect(await channel.next('fin')).toEqual({ t: 'fin', id });
    expect(await commandRow(id)).toMatchObject({ status: 'succeeded', result: '{"templates":1}' });
    channel.send({ t: 'res', id, r: { captures: [] } });
    expect(await channel.next('fin')).toEqual({ t: 'fin', id });
    await channel.close();
  });

  test('wait for a device that is away, and a door is never told twice', async () => {
    const identity = await claimedDevice(rig, seeded);
    const deviceId = identity.device;
    const message = await sendCommand(rig, seeded.orgId, {
      deviceId,
      method: 'message',
      params: { text: 'hi' },
    });
    const door = await sendCommand(rig, seeded.orgId, {
      deviceId,
      method: 'open_door',
      lifeMs: 3_000,
    });
    const first = await connect(identity);
    expect(await first.next('call')).toMatchObject({ id: message, again: false });
    expect(await first.next('call')).toMatchObject({ id: door });
    await first.close();
    const second = await connect(identity);
    expect(await second.next('call')).toMatchObject({ id: message, again: true });
    second.send({ t: 'err', id: message, code: 'Busy' });
    await second.next('fin');
    expect(await commandRow(message)).toMatchObject({ status: 'failed', sent_count: 2 });
    await until(
      'the door to be unknown',
      async () => (await commandRow(door))?.status === 'unknown',
    );
    expect(second.seen('call')).toEqual([]);
    second.send({ t: 'res', id: door, r: { opened: true } });
    await second.next('fin');
    expect(await commandRow(door)).toMatchObject({ status: 'succeeded', sent_count: 1 });
    await second.close();
  });
});

describe('9 Liveness and time', () => {
  test('a heartbeat is answered with the times of the server', async () => {
    const channel = await connect(await claimedDevice(rig, seeded));
    channel.send({ t: 'hb', ts: 5, queued: 0 });
    expect(await channel.next('time')).toMatchObject({ t1: 5 });
    await channel.close();
  });
});
