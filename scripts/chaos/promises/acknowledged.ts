// Whatever somebody was told is in the database: answers at the door, receipts of events, created things.

import type { Evidence, Finding, Promised } from './promise.ts';

export const answersAreCommitted: Promised = {
  name: 'every answer given at a door is in the database',
  isAlways: true,
  check: async ({ books, journal }) => {
    const decisions = await books.rows<{ device_id: string; ref: string; answer: string }>(
      `select device_id, terminal_ref as ref, cast(answer as text) as answer from payment_decision`,
    );
    const payments = await books.rows<{ id: string }>(`select id from payment`);
    const kept = new Map(decisions.map((row) => [`${row.device_id} ${row.ref}`, row.answer]));
    const paid = new Set(payments.map(({ id }) => id));
    const broken = journal.answers().flatMap((answer) => {
      const what = `the answer ${answer.decision} to ${answer.ref} of ${answer.device}`;
      const stored = kept.get(`${answer.device} ${answer.ref}`);
      if (stored === undefined) return [`${what}: there is no such decision`];
      const decision = (JSON.parse(stored) as { decision: string }).decision;
      if (decision !== answer.decision) return [`${what}: ${decision} is stored`];
      if (answer.decision === 'approved' && !paid.has(answer.paymentId ?? ''))
        return [`${what}: there is no payment ${answer.paymentId}`];
      return [];
    });
    const many = (wanted: string): string =>
      `${journal.answers().filter(({ decision }) => decision === wanted).length} ${wanted}`;
    const kinds = ['approved', 'refused', 'expired'].map(many).join(', ');
    return { found: `${journal.answers().length} answers: ${kinds}`, broken };
  },
};

export const receiptsAreCommitted: Promised = {
  name: 'every acknowledged event is in the database',
  isAlways: true,
  check: async ({ books, journal }) => {
    const stored = await books.rows<{
      device: string;
      epoch: string;
      events: number;
      highest: number;
    }>(
      `select device_id as device, epoch, count(*) as events, max(seq) as highest from device_event
        group by device_id, epoch`,
    );
    const known = new Map(stored.map((row) => [`${row.device} ${row.epoch}`, row]));
    let events = 0;
    const broken = journal.receipts().flatMap(({ device, epoch, acked }) => {
      events += acked;
      const row = known.get(`${device} ${epoch}`);
      // Sequences have no holes here: no terminal of a rehearsal drops events.
      if (row !== undefined && row.events === row.highest && row.highest >= acked) return [];
      const found = row === undefined ? 'none' : `${row.events} of ${row.highest}`;
      return [`${device} was told that events 1 to ${acked} are safe, found ${found}`];
    });
    // Terminals of a rehearsal send nothing that may be refused: quarantine would be a loss.
    const refused = await books.rows<{ device: string; seq: number }>(
      `select device_id as device, seq from device_event where status <> 'accepted'`,
    );
    for (const { device, seq } of refused)
      broken.push(`event ${seq} of ${device} is in quarantine`);
    return { found: `${events} events of ${journal.receipts().length} logs`, broken };
  },
};

const TABLES = { person: 'person', refund: 'operation', kyc_session: 'kyc_session' } as const;

export const thingsAreCommitted: Promised = {
  name: 'everything the API said it made is in the database',
  isAlways: true,
  check: async ({ books, journal }: Evidence): Promise<Finding> => {
    const broken: string[] = [];
    for (const [kind, table] of Object.entries(TABLES)) {
      const rows = await books.rows<{ id: string }>(`select id from ${table}`);
      const known = new Set(rows.map(({ id }) => id));
      for (const thing of journal.things()) {
        if (thing.kind === kind && !known.has(thing.id)) broken.push(`${kind} ${thing.id} is gone`);
      }
    }
    return { found: `${journal.things().length} things`, broken };
  },
};
