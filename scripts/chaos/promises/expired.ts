// A door that heard `expired` let nobody through: nothing is taken for it, nothing is owed for it, and
// nothing of it is still held, on either side.

import Sqlite from 'better-sqlite3';
import type { Promised } from './promise.ts';

/** What is left of a payment that was taken back: nothing in force. */
const NOT_IN_FORCE = new Set(['voided', 'declined']);

export const expiredIsFinal: Promised = {
  name: 'what a door was told has expired is never taken, owed or held',
  isAlways: false,
  check: async ({ books, journal, stripeFile }) => {
    const payments = await books.rows<{
      id: string;
      device: string;
      ref: string;
      status: string;
      captured: number;
      debts: number;
    }>(
      `select p.id, p.device_id as device, p.terminal_ref as ref, p.status,
          p.captured_minor as captured,
          (select count(*) from ledger_transfer t
            where t.payment_id = p.id and t.code = 'receivable') as debts
         from payment p`,
    );
    const made = new Map(payments.map((row) => [`${row.device} ${row.ref}`, row]));
    const charged = capturedAtProvider(stripeFile);
    const expired = journal.answers().filter(({ decision }) => decision === 'expired');
    const begun = expired.flatMap(({ device, ref }) => made.get(`${device} ${ref}`) ?? []);
    const broken = begun.flatMap((payment) => {
      const why = [
        ...(payment.captured > 0 || charged.has(payment.id) ? ['was captured'] : []),
        ...(payment.debts > 0 ? ['is owed'] : []),
        ...(NOT_IN_FORCE.has(payment.status) ? [] : [`is ${payment.status}`]),
      ];
      if (why.length === 0) return [];
      return [
        `${payment.ref} of ${payment.device} had expired, and ${payment.id} ${why.join(', ')}`,
      ];
    });
    return { found: `${expired.length} expired, ${begun.length} of them taken back`, broken };
  },
};

function capturedAtProvider(file: string): Set<string> {
  const db = new Sqlite(file, { readonly: true, fileMustExist: true });
  try {
    const rows = db
      .prepare(
        `select json_extract(p.metadata, '$.payment_id') as id
           from charge c join payment_intent p on p.id = c.payment_intent where c.captured = 1`,
      )
      .all() as { id: string }[];
    return new Set(rows.map(({ id }) => id));
  } finally {
    db.close();
  }
}
