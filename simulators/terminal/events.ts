// The terminal's event log on its way to the appliance: batches within the credits, from behind the last
// acknowledgement, deleted only when acknowledged.

import { randomUUID } from 'node:crypto';
import type { Frame, Link } from './link.ts';
import type { Store } from './store.ts';

const BATCH_MAX = 64;
const GATHER_MS = 20;
const startedMs = performance.now();

export type EventLog = {
  /** On the disk when it returns; sent when there is a line and credit. */
  record(type: string, data: object, count?: number): number;
  welcomed(acked: number, window: number): void;
  acknowledged(frame: Frame): void;
};

export function createEventLog(store: Store, link: Link): EventLog {
  let sent = store.acked();
  let credits = 0;
  let gathering: NodeJS.Timeout | null = null;

  const pump = (): void => {
    gathering = null;
    while (link.isUp()) {
      const room = store.acked() + credits - sent;
      const batch = store.from(sent + 1, Math.min(BATCH_MAX, room));
      const [first] = batch;
      if (room <= 0 || first === undefined) return;
      const e = batch.map(({ body }) => body);
      if (!link.send({ t: 'ev', ep: store.epoch(), s: first.seq, e })) return;
      sent = first.seq + e.length - 1;
    }
  };
  const gather = (): void => {
    gathering ??= setTimeout(pump, GATHER_MS);
  };

  return {
    record: (type, data, count = 1) => {
      const seq = store.append(Array.from({ length: count }, () => eventOf(type, data)));
      gather();
      return seq;
    },
    welcomed: (acked, window) => {
      store.acknowledge(acked);
      sent = acked;
      credits = window;
      pump();
    },
    acknowledged: (frame) => {
      const upTo = Number(frame['s']);
      credits = Number(frame['w']);
      if (upTo > store.acked()) store.acknowledge(upTo);
      pump();
    },
  };
}

function eventOf(type: string, data: object): object {
  return {
    id: randomUUID(),
    ty: type,
    ts: Date.now(),
    up: Math.floor(performance.now() - startedMs),
    cq: 'synced',
    p: data,
  };
}
