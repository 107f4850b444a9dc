// Wrong frames of a device, and wrong ways to come to speak at all, on real TLS WebSockets.

import { randomBytes } from 'node:crypto';
import type { BadAnswer, BadCase } from './bad-case.ts';
import { claimFrame, dial, helloFrame, newDeviceKey } from './device-client.ts';
import {
  answered,
  askFrame,
  closedBy,
  event,
  probe,
  refusedDial,
  rejected,
  upgrade,
  vector,
  welcomeClosedBy,
} from './send-frames.ts';
import type { Stage } from './stage.ts';

type FrameCase = Pick<BadCase, 'title' | 'leaves'> & {
  send: (stage: Stage) => Promise<BadAnswer>;
  code: string;
  says: readonly string[];
};

const QUARANTINE = {
  device_event: 'in quarantine, so that the device need not send it for ever',
  device: 'how far its log is known',
};
/** A line that the server ends leaves an event that says so. */
const ENDED = { event: 'the device was disconnected' };

const DOORS: readonly FrameCase[] = [
  {
    title: 'TLS 1.2',
    send: (stage) => refusedDial(stage, { maxVersion: 'TLSv1.2' }),
    code: 'no connection',
    says: ['protocol version'],
  },
  {
    title: 'a path that is not the gateway’s',
    send: (stage) => upgrade(stage, { path: '/v1/devices/conect' }),
    code: '404 before the upgrade',
    says: ['not_found', '"expected":"/v1/devices/connect"'],
  },
  {
    title: 'a subprotocol of the future',
    send: (stage) => upgrade(stage, { protocol: 'dgw.9.cbor' }),
    code: '400 before the upgrade',
    says: ['no_common_protocol', '"supported":["dgw.1.json"]'],
  },
  {
    title: 'a request that is no WebSocket',
    send: (stage) => upgrade(stage, { upgrade: false }),
    code: '426 before the upgrade',
    says: ['upgrade_required'],
  },
];

const STRANGERS: readonly FrameCase[] = [
  {
    title: 'a first frame that is not JSON',
    send: (stage) => closedBy(stage, () => 'hello?'),
    code: 'close 4501',
    says: ['expected', 'found'],
  },
  {
    title: 'a first frame that is an array',
    send: (stage) => closedBy(stage, () => '[]'),
    code: 'close 4501',
    says: ['expected', 'found'],
  },
  {
    title: 'a binary frame',
    send: (stage) => closedBy(stage, () => Buffer.from('a0', 'hex')),
    code: 'close 4501',
    says: ['binary'],
  },
  {
    title: 'a first frame of 9,000 bytes',
    send: (stage) => closedBy(stage, () => ({ t: 'hello', filler: 'x'.repeat(9_000) })),
    code: 'close 4501',
    says: ['expected at most 8192 bytes', 'found 9'],
  },
  {
    title: 'events before a hello',
    send: (stage) =>
      closedBy(stage, () => ({ t: 'ev', ep: stage.device.epoch, s: 1, e: [event()] })),
    code: 'close 4501',
    says: ['/t: expected claim or hello', 'found ev'],
  },
  {
    title: 'a hello without the position of its event log',
    send: (stage) => closedBy(stage, (line) => helloFrame(line, stage.device, { up: null })),
    code: 'close 4501',
    says: ['hello: /up:', 'Expected an object', 'found null'],
  },
  {
    title: 'a hello with a fraction, which has no canonical form',
    send: (stage) => closedBy(stage, (line) => helloFrame(line, stage.device, { up_s: 0.5 })),
    code: 'close 4501',
    says: ['expected canonical JSON (integers', 'found other values'],
  },
  {
    title: 'a hello of a device that nobody registered',
    send: (stage) =>
      closedBy(stage, (line) =>
        helloFrame(line, { ...stage.device, id: 'dev_00000000000000000000000000' }),
      ),
    code: 'close 4500',
    says: ['does not verify'],
  },
  {
    title: 'a hello signed with another key',
    send: (stage) =>
      closedBy(stage, (line) => helloFrame(line, { ...stage.device, ...newDeviceKey() })),
    code: 'close 4500',
    says: ['does not verify'],
    leaves: { event: 'that somebody failed to be this device, once a minute at most' },
  },
  {
    title: 'a hello overheard on another connection',
    send: async (stage) => {
      const overheard = await dial(stage.gateway);
      const hello = helloFrame(overheard, stage.device);
      overheard.close();
      return closedBy(stage, () => hello);
    },
    code: 'close 4500',
    says: ['does not verify'],
  },
  {
    title: 'a hello whose signature is 64 random bytes',
    send: (stage) =>
      closedBy(stage, (line) => ({
        ...helloFrame(line, stage.device),
        sig: randomBytes(64).toString('base64url'),
      })),
    code: 'close 4500',
    says: ['does not verify'],
  },
  {
    title: 'a claim with a code that nobody issued',
    send: (stage) =>
      closedBy(stage, (line) => claimFrame(line, { code: '0000-0000-0000', ...newDeviceKey() })),
    code: 'close 4504',
    says: ['claim refused'],
  },
  {
    title: 'a claim with the right lookup and a wrong secret',
    send: (stage) =>
      closedBy(stage, (line) => {
        const wrong = `${stage.openClaimCode.replaceAll('-', '').slice(0, 4)}00000000`;
        return claimFrame(line, { code: wrong, ...newDeviceKey() });
      }),
    code: 'close 4504',
    says: ['claim refused'],
    leaves: { device_claim: 'the attempt is counted: a code allows five' },
  },
  {
    title: 'a claim whose key was swapped after signing',
    send: (stage) =>
      closedBy(stage, (line) => {
        const frame = claimFrame(line, { code: stage.openClaimCode, ...newDeviceKey() });
        return { ...frame, key: newDeviceKey().publicKey.toString('base64url') };
      }),
    code: 'close 4504',
    says: ['claim refused'],
    leaves: { device_claim: 'the attempt is counted: a code allows five' },
  },
];

const GUESTS: readonly FrameCase[] = [
  {
    title: 'a critical frame of an unknown type',
    send: (stage) => welcomeClosedBy(stage, () => ({ t: 'teleport', crit: true })),
    code: 'close 4502',
    says: ['teleport'],
  },
  {
    title: 'events of another epoch than the hello’s',
    send: (stage) =>
      welcomeClosedBy(stage, () => ({ t: 'ev', ep: '00000000000000ff', s: 1, e: [event()] })),
    code: 'close 4010',
    says: ['/ep', 'expected the epoch', 'found 00000000000000ff'],
  },
  {
    title: 'a frame of events without events',
    send: (stage) => welcomeClosedBy(stage, ({ epoch }) => ({ t: 'ev', ep: epoch, s: 1, e: [] })),
    code: 'close 4501',
    says: ['ev: /e:', 'Expected at least 1 items', 'found an array of 0 items'],
  },
  {
    title: 'a frame of 65 events',
    send: (stage) =>
      welcomeClosedBy(stage, ({ epoch }) => ({
        t: 'ev',
        ep: epoch,
        s: 1,
        e: Array.from({ length: 65 }, event),
      })),
    code: 'close 4501',
    says: ['ev: /e:', 'Expected at most 64 items', 'found an array of 65 items'],
  },
  {
    title: 'events from sequence zero',
    send: (stage) =>
      welcomeClosedBy(stage, ({ epoch }) => ({ t: 'ev', ep: epoch, s: 0, e: [event()] })),
    code: 'close 4501',
    says: ['ev: /s:', 'Expected at least 1', 'found the number 0'],
  },
  {
    title: 'a frame beyond 262,144 bytes',
    send: (stage) => welcomeClosedBy(stage, () => ({ t: 'hb', filler: 'x'.repeat(262_200) })),
    code: 'close 1009',
    says: [],
  },
  {
    title: 'an ask without an id that could be repeated',
    send: (stage) => welcomeClosedBy(stage, () => askFrame({ id: 'short' })),
    code: 'close 4501',
    says: ['ask: /id:', 'Expected a text matching', 'found "short"'],
  },
  {
    title: 'a question of a kind nobody answers',
    send: (stage) => answered(stage, askFrame({ kind: 'lottery' })),
    code: 'answer error unknown_kind',
    says: ['lottery'],
  },
  {
    title: 'a payment without an amount',
    send: (stage) => answered(stage, askFrame({ p: { probe: probe() } })),
    code: 'answer error invalid',
    says: ['/p/amount', 'Expected an object', 'found nothing'],
  },
  {
    title: 'a payment of twelve and a half cents',
    send: (stage) =>
      answered(
        stage,
        askFrame({ p: { amount: { amount: 12.5, currency: 'EUR' }, probe: probe() } }),
      ),
    code: 'answer error invalid',
    says: ['/p/amount/amount', 'Expected an integer', 'found the number 12.5'],
  },
  {
    title: 'a payment of a negative amount',
    send: (stage) =>
      answered(
        stage,
        askFrame({ p: { amount: { amount: -100, currency: 'EUR' }, probe: probe() } }),
      ),
    code: 'answer error invalid',
    says: ['/p/amount/amount', 'Expected at least 1', 'found the number -100'],
  },
  {
    title: 'a probe of half the dimensions',
    send: (stage) =>
      answered(
        stage,
        askFrame({
          p: {
            amount: { amount: 100, currency: 'EUR' },
            probe: { ...probe(), vector: vector(256) },
          },
        }),
      ),
    code: 'answer error invalid',
    says: ['vector', 'Expected base64 of 512', 'found 1024 bytes'],
  },
  {
    title: 'a payment described with a card number',
    send: (stage) =>
      answered(
        stage,
        askFrame({
          p: {
            amount: { amount: 100, currency: 'EUR' },
            probe: probe(),
            description: 'card 4242424242424242',
          },
        }),
      ),
    code: 'answer error invalid',
    says: ['/p/description', 'Expected anything but a card number', 'found one'],
  },
  {
    title: 'an event with a card number in it, which not even quarantine keeps',
    send: (stage) => rejected(stage, { ...event(), p: { read: '4242 4242 4242 4242' } }),
    code: 'ack with rej bad_event',
    says: ['/p/read', 'Expected anything but a card number', 'found one'],
    leaves: QUARANTINE,
  },
  {
    title: 'an event whose type is no type',
    send: (stage) => rejected(stage, { ...event(), ty: 'Door Opened!' }),
    code: 'ack with rej bad_event',
    says: ['/ty', 'Expected a text matching', 'found "Door Opened!"'],
    leaves: QUARANTINE,
  },
];

export const FRAME_CASES: readonly BadCase[] = [
  ...DOORS.map(toCase),
  ...STRANGERS.map(toCase),
  ...GUESTS.map((guest) => ({
    ...toCase(guest),
    welcome: true,
    leaves: guest.leaves ?? (guest.code.startsWith('close') ? ENDED : {}),
  })),
].map((each, index) => ({ ...each, id: `frame-${String(index + 1).padStart(2, '0')}` }));

function toCase({ title, send, code, says, leaves }: FrameCase): Omit<BadCase, 'id'> {
  return {
    edge: 'frame',
    title,
    send,
    expect: { code, says },
    ...(leaves === undefined ? {} : { leaves }),
  };
}
