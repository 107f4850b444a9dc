// Nothing happens twice: no event is stored twice, no operation has two effects at a provider, no request
// that was repeated under its key made two things.

import Sqlite from 'better-sqlite3';
import type { Promised } from './promise.ts';

export const eventsAreUnique: Promised = {
  name: 'no event of a device is stored twice',
  isAlways: true,
  check: async ({ books }) => {
    const [total] = await books.rows<{ events: number }>(
      `select count(*) as events from device_event`,
    );
    const places = await books.rows(
      `select device_id, epoch, seq, count(*) as times from device_event
        group by device_id, epoch, seq having count(*) > 1`,
    );
    const ids = await books.rows(
      // What is in quarantine has no id that could be believed.
      `select device_id, id, count(*) as times from device_event where status = 'accepted'
        group by device_id, id having count(*) > 1`,
    );
    const broken = [...places, ...ids].map((row) => JSON.stringify(row));
    return { found: `${total?.events ?? 0} events`, broken };
  },
};

export const requestsActOnce: Promised = {
  name: 'a request repeated under its key makes one thing',
  isAlways: true,
  check: async ({ books }) => {
    const rows = await books.rows<{ name: string; times: number }>(
      `select display_name as name, count(*) as times from person
        where display_name like 'Rehearsal %' group by display_name`,
    );
    const broken = rows.filter(({ times }) => times > 1).map((row) => JSON.stringify(row));
    return { found: `${rows.length} people`, broken };
  },
};

const STRIPE = [
  [
    'payment intents of one operation',
    `select json_extract(metadata, '$.operation_id') as of, count(*) as times from payment_intent group by 1`,
  ],
  [
    'charges that took money for one payment',
    `select coalesce(json_extract(p.metadata, '$.payment_id'), p.id) as of, count(*) as times
       from charge c join payment_intent p on p.id = c.payment_intent
      where c.status = 'succeeded' group by 1`,
  ],
  [
    'refunds of one operation',
    `select json_extract(metadata, '$.operation_id') as of, count(*) as times from refund group by 1`,
  ],
] as const;

const VERIFF = [
  [
    'sessions of one KYC session',
    `select vendor_data as of, count(*) as times from session group by 1`,
  ],
] as const;

export const providersActOnce: Promised = {
  name: 'no operation has two effects at a provider',
  isAlways: true,
  check: async ({ stripeFile, veriffFile }) => {
    const stripe = effects(stripeFile, STRIPE);
    const veriff = effects(veriffFile, VERIFF);
    return {
      found: `${stripe.effects} at Stripe, ${veriff.effects} at Veriff`,
      broken: [...stripe.broken, ...veriff.broken],
    };
  },
};

function effects(
  file: string,
  queries: readonly (readonly [string, string])[],
): { effects: number; broken: string[] } {
  const db = new Sqlite(file, { readonly: true, fileMustExist: true });
  try {
    let count = 0;
    const broken = queries.flatMap(([what, text]) => {
      const rows = db.prepare(text).all() as { of: string | null; times: number }[];
      count += rows.length;
      return rows
        .filter((row) => row.times > 1 || row.of === null)
        .map((row) => `${row.times} ${what}: ${row.of ?? 'without our reference'}`);
    });
    return { effects: count, broken };
  } finally {
    db.close();
  }
}
