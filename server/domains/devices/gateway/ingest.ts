// Events of many devices on their way into the database: one transaction per organization and batch. A
// device is answered only after the commit; when it fails, its connections end and the devices send again.

import { transaction, type Tx } from '../../../platform/database/database.ts';
import type { Deps } from '../../../platform/deps.ts';
import { toError } from '../../../shared/errors.ts';
import { type Acknowledged, insertEvents, type StoredEvent, updateAcked } from '../store-events.ts';
import { LIMITS } from './protocol.ts';

export interface IngestEntry {
  orgId: string;
  deviceId: string;
  epoch: string;
  events: readonly StoredEvent[];
  /** Everything up to here is acknowledged once this is committed. */
  upTo: number;
  /** False once an earlier entry of the same connection failed: what follows it must not be
   * acknowledged, or the failed events would be taken for stored. */
  isWanted(): boolean;
  /** Written in the same transaction, e.g. that numbers are missing. */
  also: ((tx: Tx) => Promise<unknown>) | null;
  committed(): void;
  failed(error: Error): void;
}

export interface Ingest {
  submit(entry: IngestEntry): void;
  /** Events that wait or are being written. */
  queued(): number;
  idle(): Promise<void>;
}

/** `onRoom` is called after each batch, for those that were told to stop. */
export function createIngest(
  deps: Pick<Deps, 'databases' | 'world' | 'log'>,
  onRoom: () => void,
): Ingest {
  let queue: IngestEntry[] = [];
  let queued = 0;
  let running = false;
  let waiters: (() => void)[] = [];

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = takeBatch();
      const wanted = batch.filter((entry) => entry.isWanted());
      const byOrg = Map.groupBy(wanted, ({ orgId }) => orgId);
      await Promise.all([...byOrg].map(([orgId, entries]) => write(deps, orgId, entries)));
      queued -= batch.reduce((sum, { events }) => sum + events.length, 0);
      onRoom();
    }
    running = false;
    for (const done of waiters) done();
    waiters = [];
  };
  const takeBatch = (): IngestEntry[] => {
    let events = 0;
    let count = 0;
    while (count < queue.length && events < LIMITS.ingestBatchEvents) {
      events += queue[count]?.events.length ?? 0;
      count += 1;
    }
    const batch = queue.slice(0, count);
    queue = queue.slice(count);
    return batch;
  };

  return {
    submit: (entry) => {
      queue.push(entry);
      queued += entry.events.length;
      if (running) return;
      running = true;
      // After the frames that arrived together: they share a transaction.
      setImmediate(() => void run());
    },
    queued: () => queued,
    idle: () => (running ? new Promise((resolve) => waiters.push(resolve)) : Promise.resolve()),
  };
}

async function write(
  { databases, world, log }: Pick<Deps, 'databases' | 'world' | 'log'>,
  orgId: string,
  entries: readonly IngestEntry[],
): Promise<void> {
  try {
    await transaction(databases.org(orgId), async (tx) => {
      const events = entries.flatMap((entry) => entry.events);
      if (events.length > 0) await insertEvents(tx, events, world.clock.now());
      await updateAcked(tx, marksOf(entries));
      for (const { also } of entries) await also?.(tx);
    });
  } catch (thrown) {
    const error = toError(thrown);
    log.warn({ err: error, org_id: orgId, frames: entries.length }, 'events were not stored');
    for (const entry of entries) entry.failed(error);
    return;
  }
  for (const entry of entries) entry.committed();
}

/** The furthest mark of each device and epoch. */
function marksOf(entries: readonly IngestEntry[]): Acknowledged[] {
  const marks = new Map<string, Acknowledged>();
  for (const { deviceId, epoch, upTo } of entries) {
    const key = `${deviceId} ${epoch}`;
    const upToNow = Math.max(upTo, marks.get(key)?.upTo ?? 0);
    marks.set(key, { deviceId, epoch, upTo: upToNow });
  }
  return [...marks.values()];
}
