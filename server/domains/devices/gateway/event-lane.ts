// One connection's events: checked one by one, handed to the ingest, acknowledged after their commit, paced
// by credits. A bad event is kept in quarantine and acknowledged; a hole is recorded and passed.

import type { Tx } from '../../../platform/database/database.ts';
import { inspectJson } from '../../../platform/http/card-numbers.ts';
import type { StoredEvent } from '../store-events.ts';
import { DeviceEvent, EventBatch, explain } from './frames.ts';
import type { Ingest } from './ingest.ts';
import { type AnyFrame, isWithin, readAs } from './parse.ts';
import { CLOSE, LIMITS } from './protocol.ts';
import { Refusal } from './refusal.ts';

export interface EventLaneParts {
  orgId: string;
  deviceId: string;
  epoch: string;
  acked: number;
  windowEvents: number;
  ingest: Ingest;
  send(frame: object): void;
  fail(error: Error): void;
  /** Writes the incident of missing numbers. */
  tellMissing(tx: Tx, range: { from: number; to: number }): Promise<unknown>;
  count(status: StoredEvent['status'], events: number): void;
}

export interface EventLane {
  receive(frame: AnyFrame): void;
  /** Tells a device that was told to stop, when it may go on. */
  room(): void;
}

interface Rejected {
  s: number;
  code: 'bad_event';
  why: string;
}

export function createEventLane(parts: EventLaneParts): EventLane {
  const { orgId, deviceId, epoch, windowEvents, ingest } = parts;
  let acked = parts.acked;
  let received = parts.acked;
  let inFlight = 0;
  let rejected: Rejected[] = [];
  let ackIsDue = false;
  let starved = false;
  let hasFailed = false;

  const credits = (): number =>
    Math.max(0, Math.min(windowEvents, LIMITS.ingestQueueEvents - ingest.queued()));
  const ack = (): void => {
    ackIsDue = false;
    const w = credits();
    starved = w === 0;
    const rej = rejected.length > 0 ? { rej: rejected } : {};
    rejected = [];
    parts.send({ t: 'ack', ep: epoch, s: acked, w, ...rej });
  };
  const committed = (upTo: number, count: number, rej: readonly Rejected[]): void => {
    inFlight -= count;
    acked = Math.max(acked, upTo);
    rejected.push(...rej);
    if (ackIsDue) return;
    ackIsDue = true;
    queueMicrotask(ack); // frames of one commit are answered once
  };

  const receive = (frame: AnyFrame): void => {
    const { ep, s, e } = readAs(EventBatch, frame);
    if (ep !== epoch)
      throw new Refusal(CLOSE.positionInvalid, `/ep: expected the epoch ${epoch}, found ${ep}`);
    if (inFlight + e.length > 2 * windowEvents)
      throw new Refusal(CLOSE.abuse, `expected at most ${windowEvents} events on their way`);
    const last = s + e.length - 1;
    const missing = s > received + 1 ? { from: received + 1, to: s - 1 } : null;
    received = Math.max(received, last);
    inFlight += e.length;
    const read = e.map((item, index) => readEvent(item, { deviceId, epoch, seq: s + index }));
    const rej = read.flatMap(({ refused }) => refused ?? []);
    parts.count('accepted', read.length - rej.length);
    parts.count('quarantined', rej.length);
    ingest.submit({
      orgId,
      deviceId,
      epoch,
      events: read.map(({ stored }) => stored),
      upTo: last,
      isWanted: () => !hasFailed,
      also: missing === null ? null : (tx) => parts.tellMissing(tx, missing),
      committed: () => committed(last, e.length, rej),
      failed: (error) => {
        hasFailed = true;
        parts.fail(error);
      },
    });
  };

  return {
    receive,
    room: () => {
      if (starved && credits() > 0) ack();
    },
  };
}

function readEvent(
  item: unknown,
  at: { deviceId: string; epoch: string; seq: number },
): { stored: StoredEvent; refused: Rejected | null } {
  const nothing = { id: '', type: '', occurredAt: null, clockQuality: null };
  const verdict = inspectJson(item);
  if (verdict.kind === 'card') {
    const why = `${verdict.pointer}: Expected anything but a card number, found one.`;
    return {
      // Not even quarantine keeps one.
      stored: { ...at, ...nothing, status: 'quarantined', body: '{}' },
      refused: { s: at.seq, code: 'bad_event', why },
    };
  }
  const parsed = DeviceEvent.safeParse(item);
  const body = JSON.stringify(parsed.success ? { up: parsed.data.up, p: parsed.data.p } : item);
  const why = parsed.success ? problemOf(parsed.data, body) : explain(parsed.error, item);
  if (parsed.success && why === null) {
    const { id, ty, ts, cq } = parsed.data;
    const known = { ...at, id, type: ty, occurredAt: ts, clockQuality: cq };
    return { stored: { ...known, status: 'accepted', body }, refused: null };
  }
  return {
    stored: { ...at, ...nothing, status: 'quarantined', body: JSON.stringify(item) },
    refused: { s: at.seq, code: 'bad_event', why: why ?? 'not acceptable' },
  };
}

function problemOf(event: DeviceEvent, body: string): string | null {
  if (Buffer.byteLength(body) > LIMITS.eventBytes)
    return `/p: Expected at most ${LIMITS.eventBytes} bytes, found ${Buffer.byteLength(body)}.`;
  return isWithin(event.p, LIMITS.eventDepth)
    ? null
    : `/p: Expected at most ${LIMITS.eventDepth} levels, found more.`;
}
