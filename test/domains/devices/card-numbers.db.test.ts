// A card number is refused wherever a device may put one, and found neither in the database nor in the log.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import { claimFrame, connect, type Frame, helloFrame, openChannel } from './channel.ts';
import {
  claimedDevice,
  issueCode,
  register,
  type Rig,
  sendCommand,
  startRig,
} from './gateway-rig.ts';

const CARD = '4242424242424242';
const { databases, deps, seedOrganization } = useTestDatabase();
let logged = '';
let rig: Rig;
let seeded: SeededOrganization;

beforeAll(async () => {
  seeded = await seedOrganization();
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged += chunk.toString();
      done();
    },
  });
  rig = await startRig({ ...deps(), log: pino({ level: 'trace' }, sink) });
});
afterAll(() => rig.stop());

/** Everything the organization's devices left, as text. */
async function kept(): Promise<string> {
  const db = databases().org(seeded.orgId);
  const tables = ['device', 'device_command', 'device_event', 'event'];
  const rows = await Promise.all(
    tables.map((table) =>
      db.query(`select t.* from ${table} t where t.org_id = $1`, [seeded.orgId]),
    ),
  );
  return JSON.stringify(rows);
}

async function expectNoTrace(): Promise<void> {
  expect(logged).not.toContain('4242');
  expect(await kept()).not.toContain('4242');
}

describe('a card number', () => {
  for (const [field, value] of [
    ['fw', `fw ${CARD}`],
    ['model', '4242 4242 4242 4242'],
    ['model', `${CARD} and far more than the sixty-four characters that a model may be long`],
    ['caps', ['enrol', CARD]],
    ['boot', CARD],
  ] as const) {
    test(`in ${field} of a hello ends the connection (${JSON.stringify(value).length})`, async () => {
      const identity = await claimedDevice(rig, seeded);
      const channel = await openChannel(identity);
      channel.send(helloFrame(identity, channel.binding, { with: { [field]: value } }));
      const end = await channel.closed;
      expect(end.code).toBe(4501);
      expect(end.reason).toContain(`hello: /${field}`);
      expect(end.reason).not.toContain('4242');
      await expectNoTrace();
    });
  }

  test('in the serial of a claim ends the connection, and the code is not used up', async () => {
    const code = await issueCode(rig, seeded.orgId, await register(rig, seeded));
    const at = { host: '127.0.0.1', port: rig.port, ca: rig.identity.anchorPem };
    const channel = await openChannel(at);
    channel.send({ ...claimFrame(channel.binding, code), serial: CARD });
    const end = await channel.closed;
    expect([end.code, end.reason.includes('/serial')]).toEqual([4501, true]);
    const again = await openChannel(at);
    again.send(claimFrame(again.binding, code));
    expect(await again.next('claimed')).toMatchObject({ t: 'claimed' });
    await expectNoTrace();
  });

  for (const [where, frame, pointer] of [
    ['a result', { t: 'res', r: { shown: true, seen: [{ text: CARD }] } }, '/r/seen/0/text'],
    ['a number of a result', { t: 'res', r: { seen: Number(CARD) } }, '/r/seen'],
  ] as const) {
    test(`in ${where} fails the command for good, and nothing of it is kept`, async () => {
      const { row, fin, id } = await answerMessage(frame);
      expect(fin).toEqual({ t: 'fin', id });
      expect(row.status).toBe('failed');
      expect(row.result).toContain('FormatViolation');
      expect(row.result).toContain(pointer);
      await expectNoTrace();
    });
  }

  test('in the text of an error is left out of it', async () => {
    const { row } = await answerMessage({ t: 'err', code: 'Busy', detail: `reading ${CARD}` });
    expect([row.status, row.result?.includes('Busy')]).toEqual(['failed', true]);
    await expectNoTrace();
  });
});

async function answerMessage(frame: Frame) {
  const identity = await claimedDevice(rig, seeded);
  const channel = await connect(identity);
  const command = { deviceId: identity.device, method: 'message', params: { text: 'hi' } };
  const id = await sendCommand(rig, seeded.orgId, command);
  await channel.next('call');
  channel.send({ ...frame, id });
  const fin = await channel.next('fin');
  await channel.close();
  const [row] = await databases()
    .org(seeded.orgId)
    .query<{ status: string; result: string | null }>(
      'select status, result from device_command where org_id = $1 and id = $2',
      [seeded.orgId, id],
    );
  if (row === undefined) throw new Error('the command has vanished');
  return { id, fin, row };
}
