// The gateway under devices that are who they say and do wrong: broken frames, too much, too late, too slow.
// After a broken frame nothing of it is in the database.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dial } from '../../../simulators/terminal/trust.ts';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import { connect, doorEvent, EPOCH, type Identity, openChannel } from './channel.ts';
import { claimedDevice, type Rig, startRig } from './gateway-rig.ts';

const { databases, deps, seedOrganization } = useTestDatabase();
let rig: Rig;
let seeded: SeededOrganization;

beforeAll(async () => {
  seeded = await seedOrganization();
  rig = await startRig(deps(), {
    decisions: {
      hang: ({ signal }) =>
        new Promise((resolve) => {
          const late = { decision: 'approved', reason: 'late' } as const;
          signal.addEventListener('abort', () => resolve(late), { once: true });
        }),
      large: async () => ({ decision: 'approved', reason: null, fill: 'x'.repeat(200_000) }),
    },
  });
});
afterAll(() => rig.stop());

const device = (): Promise<Identity> => claimedDevice(rig, seeded);
describe('2 Frames', () => {
  const broken: [string, string | Buffer, number][] = [
    ['not JSON', 'hello', 4501],
    ['empty', '', 4501],
    ['an array', '[]', 4501],
    ['a number', '7', 4501],
    ['null', 'null', 4501],
    ['no t', '{}', 4501],
    ['t is a number', '{"t":7}', 4501],
    [
      'nested without end',
      '{"t":"ev","e":'.concat('['.repeat(50_000), ']'.repeat(50_000), '}'),
      4501,
    ],
    ['ev without events', `{"t":"ev","ep":"${EPOCH}","s":1,"e":[]}`, 4501],
    [
      'ev of too many',
      JSON.stringify({ t: 'ev', ep: EPOCH, s: 1, e: Array.from({ length: 65 }, () => ({})) }),
      4501,
    ],
    ['ev from zero', `{"t":"ev","ep":"${EPOCH}","s":0,"e":[{}]}`, 4501],
    ['ev from a fraction', `{"t":"ev","ep":"${EPOCH}","s":1.5,"e":[{}]}`, 4501],
    ['ev beyond what counts', `{"t":"ev","ep":"${EPOCH}","s":9007199254740993,"e":[{}]}`, 4501],
    ['ev of another epoch', '{"t":"ev","ep":"bbbbbbbbbbbbbbbb","s":1,"e":[{}]}', 4010],
    ['ask without an id', '{"t":"ask","kind":"echo","deadline_ms":500,"p":{}}', 4501],
    ['ask with a short id', '{"t":"ask","id":"1","kind":"echo","deadline_ms":500,"p":{}}', 4501],
    [
      'ask without time',
      '{"t":"ask","id":"opr_0000000000000001","kind":"echo","deadline_ms":1,"p":{}}',
      4501,
    ],
    ['res without a result', '{"t":"res","id":"cmd_1"}', 4501],
    [
      'res with a large result',
      JSON.stringify({ t: 'res', id: 'cmd_1', r: { fill: 'x'.repeat(70_000) } }),
      4501,
    ],
    ['err with a foreign code', '{"t":"err","id":"cmd_1","code":"Oops"}', 4501],
    ['hb without a time', '{"t":"hb"}', 4501],
    ['a binary frame', Buffer.from([1, 2, 3]), 4501],
    ['a critical unknown type', '{"t":"future","crit":true}', 4502],
    ['larger than a frame may be', 'x'.repeat(262_145), 1009],
  ];

  test.each(broken)('%s', async (_name, frame, code) => {
    const identity = await device();
    const channel = await connect(identity);
    channel.socket.send(frame);
    expect((await channel.closed).code).toBe(code);
    const rows = await databases()
      .org(seeded.orgId)
      .query('select seq from device_event where org_id = $1 and device_id = $2', [
        seeded.orgId,
        identity.device,
      ]);
    expect(rows).toEqual([]);
  });

  test('an unknown type that is not critical is ignored, unknown keys too', async () => {
    const channel = await connect(await device());
    channel.send({ t: 'future', x: 1 });
    channel.send({ t: 'hb', ts: 1, later: true });
    await channel.next('time');
    await channel.close();
  });

  test('text that is not UTF-8 ends the connection', async () => {
    const channel = await connect(await device());
    channel.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect((await channel.closed).code).toBe(1007);
  });

  test('a device that talks without end is told so', async () => {
    const channel = await connect(await device());
    for (let count = 0; count < 1_000; count += 1) channel.send({ t: 'hb', ts: count });
    expect((await channel.closed).code).toBe(4013);
  });
});

describe('6 Events', () => {
  test('a device beyond twice its window is put off the line', async () => {
    const channel = await connect(await device());
    for (let frame = 0; frame < 40; frame += 1) {
      const e = Array.from({ length: 64 }, (_, index) => doorEvent(`e${index}`));
      channel.send({ t: 'ev', ep: EPOCH, s: frame * 64 + 1, e });
    }
    expect((await channel.closed).code).toBe(4506);
  });
});

describe('7 Decisions', () => {
  test('a late decision is void: expired is said once, at the deadline', async () => {
    const channel = await connect(await device());
    const id = 'opr_hang_0000000000';
    channel.send({ t: 'ask', id, kind: 'hang', deadline_ms: 150, p: {} });
    expect(await channel.next('answer')).toEqual({
      t: 'answer',
      id,
      decision: 'expired',
      reason: null,
    });
    channel.send({ t: 'hb', ts: 1 });
    await channel.next('time');
    expect(channel.seen('answer')).toEqual([]);
    await channel.close();
  });

  test('more open questions than allowed are answered busy', async () => {
    const channel = await connect(await device());
    for (let count = 0; count < 5; count += 1) {
      channel.send({
        t: 'ask',
        id: `opr_busy_000000000${count}`,
        kind: 'hang',
        deadline_ms: 5_000,
        p: {},
      });
    }
    expect(await channel.next('answer')).toMatchObject({
      id: 'opr_busy_0000000004',
      reason: 'busy',
    });
    await channel.close();
  });
});

describe('11 Limits', () => {
  test('a device that does not read is cut off when its queue is full', async () => {
    const identity = await device();
    const channel = await connect(identity);
    channel.socket.pause();
    let asked = 0;
    await until('its end', () => {
      if (asked < 300)
        channel.send({
          t: 'ask',
          id: `opr_slow_${String((asked += 1)).padStart(12, '0')}`,
          kind: 'large',
          deadline_ms: 500,
          p: {},
        });
      return rig.devices.gateway.stats().sessions === 0;
    });
    channel.socket.resume();
    await channel.closed;
    const ends = await databases()
      .org(seeded.orgId)
      .query<{ data: string }>(
        'select data from event where org_id = $1 and subject_id = $2 and type = $3',
        [seeded.orgId, identity.device, 'device.disconnected'],
      );
    expect(ends.map(({ data }) => JSON.parse(data))).toEqual([{ gen: 1, code: 4008 }]);
  });

  test('beyond its connections, and while it stops, a gateway says when to come back', async () => {
    const small = await startRig(deps(), { replica: 'small', gateway: { connectionsMax: 1 } });
    const at = { host: '127.0.0.1', port: small.port };
    const first = await openChannel({ ...at, ca: small.identity.anchorPem });
    const refused = await new Promise<{ status: number; retry: string }>((resolve) => {
      const socket = dial(at, small.identity.anchorPem);
      socket.on('error', () => undefined);
      socket.once('unexpected-response', (_request, response) => {
        resolve({
          status: response.statusCode ?? 0,
          retry: String(response.headers['retry-after']),
        });
        socket.terminate();
      });
    });
    expect(refused).toEqual({ status: 503, retry: '5' });
    await small.stop();
    expect((await first.closed).code).toBe(4000);
  });
});
