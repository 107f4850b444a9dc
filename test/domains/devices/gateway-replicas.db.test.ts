// Several gateways over one database, failing transactions and restarts: nothing is acknowledged that is not
// stored, and what one replica did is seen by the others without being told.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changeStatus } from '../../../server/domains/devices/change-status.ts';
import type { DevicesParts } from '../../../server/domains/devices/parts.ts';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import { connect, doorEvent, EPOCH } from './channel.ts';
import { claimedDevice, type Rig, sendCommand, startRig } from './gateway-rig.ts';

let failing: RegExp | null = null;
const { databases, database, deps, world, seedOrganization } = useTestDatabase({
  hook: ({ text }) => {
    if (failing?.test(text) !== true) return undefined;
    failing = null;
    throw new Error('the disk is gone (planted)');
  },
});
let seeded: SeededOrganization;
let east: Rig;
let west: Rig;

beforeAll(async () => {
  seeded = await seedOrganization();
  east = await startRig(deps(), { replica: 'east', gateway: { windowEvents: 5_000 } });
  west = await startRig(
    { ...deps(), databases: database().connect() },
    { replica: 'west', identity: east.identity },
  );
});
afterAll(async () => {
  await east.stop();
  await west.stop();
});

const rows = <T extends Record<string, unknown>>(text: string, id: string): Promise<T[]> =>
  databases().org(seeded.orgId).query<T>(text, [seeded.orgId, id]);
const commandStatus = async (id: string): Promise<string | undefined> => {
  const found = await rows<{ status: string }>(
    'select status from device_command where org_id = $1 and id = $2',
    id,
  );
  return found[0]?.status;
};

describe('a gateway whose database fails', () => {
  test('acknowledges nothing of what failed nor of what came after it, and takes all of it again', async () => {
    const identity = await claimedDevice(east, seeded);
    const channel = await connect(identity, { next: 4_001 });
    const frames = Array.from({ length: 62 }, (_, frame) => ({
      t: 'ev',
      ep: EPOCH,
      s: frame * 64 + 1,
      e: Array.from({ length: 64 }, (__, index) => doorEvent(`e${frame * 64 + index}`)),
    }));
    failing = /insert into device_event/;
    for (const frame of frames) channel.send(frame);
    expect(await channel.closed).toMatchObject({ code: 4004 });
    expect(channel.seen('ack')).toEqual([]);
    const again = await connect(identity, { next: 4_001 });
    expect(again.welcome['up']).toEqual({ ep: EPOCH, acked: 0 });
    for (const frame of frames) again.send(frame);
    await until('the last mark', async () => (await again.next('ack'))['s'] === 62 * 64);
    const [stored] = await rows<{ count: number }>(
      'select count(*) as count from device_event where org_id = $1 and device_id = $2',
      identity.device,
    );
    expect(stored).toEqual({ count: 62 * 64 });
    await again.close();
  });

  test('keeps a command open when its result could not be stored', async () => {
    const identity = await claimedDevice(east, seeded);
    const channel = await connect(identity);
    const command = { deviceId: identity.device, method: 'message', params: { text: 'hi' } };
    const id = await sendCommand(east, seeded.orgId, command);
    await channel.next('call');
    failing = /update device_command set status/;
    channel.send({ t: 'res', id, r: { shown: true } });
    expect(await channel.closed).toMatchObject({ code: 4004 });
    expect(channel.seen('fin')).toEqual([]);
    expect(await commandStatus(id)).toBe('sent');
    const again = await connect(identity);
    again.send({ t: 'res', id, r: { shown: true } });
    await again.next('fin');
    expect(await commandStatus(id)).toBe('succeeded');
    await again.close();
  });
});

describe('several replicas', () => {
  test('the newest connection wins, and the older replica lets go without touching its lease', async () => {
    const identity = await claimedDevice(east, seeded);
    const first = await connect(identity);
    const second = await connect({ ...identity, port: west.port });
    expect(second.welcome['gen']).toBe(2);
    expect(await first.closed).toMatchObject({ code: 4009 });
    await until('the old one gone', () => east.devices.gateway.stats().sessions === 0);
    const leases = () =>
      rows<{ gen: number; replica: string; alive: number }>(
        `select gen, replica, case when expires_at > connected_at then 1 else 0 end as alive
           from device_lease where org_id = $1 and device_id = $2`,
        identity.device,
      );
    expect(await leases()).toEqual([{ gen: 2, replica: 'west', alive: 1 }]);
    await second.close();
  });

  test('a command written by one is carried by the one that holds the device', async () => {
    const identity = await claimedDevice(east, seeded);
    const channel = await connect({ ...identity, port: west.port });
    const command = { deviceId: identity.device, method: 'message', params: { text: 'hi' } };
    const id = await sendCommand(east, seeded.orgId, command);
    expect(await channel.next('call')).toMatchObject({ id });
    await channel.close();
  });

  test('a device suspended through one is put off the line by the other', async () => {
    const identity = await claimedDevice(east, seeded);
    const channel = await connect({ ...identity, port: west.port });
    const parts = { deps: east.deps, hint: east.devices.gateway.hint } as DevicesParts;
    await changeStatus(parts, databases().org(seeded.orgId), {
      deviceId: identity.device,
      move: 'suspend',
      actor: { kind: 'system', id: 'test' },
      traceId: null,
    });
    expect(await channel.closed).toMatchObject({ code: 4503 });
  });

  test('an old connection sends no command once a newer one holds the device', async () => {
    const identity = await claimedDevice(east, seeded);
    const first = await connect(identity);
    await connect({ ...identity, port: west.port }).then(async (second) => {
      const command = { deviceId: identity.device, method: 'open_door', lifeMs: 5_000 };
      const id = await sendCommand(east, seeded.orgId, command);
      expect(await second.next('call')).toMatchObject({ id });
      await first.closed;
      expect(first.seen('call')).toEqual([]);
      await second.close();
    });
  });
});

describe('a restart', () => {
  test('does not lose the deadline of a command', async () => {
    const identity = await claimedDevice(east, seeded);
    const away = { deviceId: identity.device, method: 'message', params: { text: 'hi' } };
    const never = await sendCommand(east, seeded.orgId, { ...away, lifeMs: 60_000 });
    const restarted = await startRig(deps(), { replica: 'again' });
    world().clock.advance(61_000);
    await until('its end', async () => (await commandStatus(never)) === 'expired');
    await restarted.stop();
    const channel = await connect(identity);
    channel.send({ t: 'hb', ts: 1 });
    await channel.next('time');
    expect(channel.seen('call')).toEqual([]);
    await channel.close();
  });
});
