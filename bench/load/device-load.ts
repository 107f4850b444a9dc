// Devices that send events in batches of 64, each as fast as its window lets it: for ours and for the peer,
// which speaks the same frames without a hello.

import { randomBytes, randomUUID } from 'node:crypto';
import {
  dial,
  helloFrame,
  type ClaimedDevice,
  type Line,
} from '../../test/bad-input/device-client.ts';

export interface Sender {
  /** Sends until the time is over and everything is acknowledged; returns how many events were. */
  during(seconds: number): Promise<number>;
  batches(count: number): Promise<void>;
  close(): void;
}

export const BATCH_EVENTS = 64;
/** `gateway.window_events` by default. */
const WINDOW_EVENTS = 256;

export async function openSender(
  url: string,
  device: ClaimedDevice,
  isOurs: boolean,
): Promise<Sender> {
  const line = await dial(url);
  // A log of its own: nothing of an earlier line is continued.
  const epoch = randomBytes(8).toString('hex');
  let next = 1;
  if (isOurs) {
    line.send(helloFrame(line, { ...device, epoch, next }));
    await line.frame('welcome');
  }
  const run = async (goesOn: () => boolean): Promise<number> => {
    const from = next;
    let acked = next - 1;
    for (;;) {
      while (next + BATCH_EVENTS - 1 - acked <= WINDOW_EVENTS && goesOn()) {
        line.send(batchFrame(epoch, next));
        next += BATCH_EVENTS;
      }
      if (acked === next - 1) return next - from;
      acked = await readAck(line);
    }
  };
  return {
    during: (seconds) => {
      const until = performance.now() + seconds * 1_000;
      return run(() => performance.now() < until);
    },
    batches: async (count) => {
      let left = count;
      await run(() => (left -= 1) >= 0);
    },
    close: () => line.close(),
  };
}

async function readAck(line: Line): Promise<number> {
  const { s, rej } = await line.frame('ack');
  if (rej !== undefined) throw new Error(`Events were rejected: ${JSON.stringify(rej)}`);
  return Number(s);
}

function batchFrame(epoch: string, first: number): string {
  const ts = Date.now();
  const events = Array.from({ length: BATCH_EVENTS }, (_, index) => ({
    id: randomUUID(),
    ty: 'door.opened',
    ts,
    up: (first + index) * 50,
    cq: 'synced',
    p: { door: (first + index) % 8, direction: 'in', by: 'face' },
  }));
  return JSON.stringify({ t: 'ev', ep: epoch, s: first, e: events });
}
