// When the faults are over everything comes to its end: nothing waits without a reason, the books balance,
// and they say what the payment provider's books say.

import { verifyLedgers } from '../../verify-ledger/verify.ts';
import type { Promised } from './promise.ts';

const OVER = `('succeeded', 'declined', 'cancelled')`;
/** Young enough to be merely under way. */
const YOUNG_MS = 10_000;

export const nothingIsStuck: Promised = {
  name: 'nothing is stuck without a reason',
  isAlways: false,
  check: async ({ books, journal, endedAt }) => {
    const operations = await books.rows<{ id: string; status: string; kind: string }>(
      `select o.id, o.status, o.kind from operation o where o.status not in ${OVER}
         and not (o.status = 'unknown_escalated' and o.reason is not null)
         and not exists (select 1 from outbox_dead d where d.uid = o.id)`,
    );
    const messages = await books.rows<{ pos: number; type: string }>(
      `select m.pos, m.type from outbox_msg m
        where m.created_at < ${endedAt - YOUNG_MS}
          and not exists (select 1 from outbox_retry r where r.pos = m.pos and r.last_error is not null)`,
    );
    const events = await books.rows<{ id: string; type: string }>(
      // What is applied, or says nothing to us, is over; what did not verify was never the provider's.
      `select id, type from inbox_event where status in ('stored', 'unreadable')`,
    );
    const dead = await books.rows<{ type: string; reason: string; many: number }>(
      `select type, reason, count(*) as many from outbox_dead group by type, reason`,
    );
    const sessions = await books.rows<{ id: string }>(
      `select k.id from kyc_session k where k.status = 'queued'
         and not exists (select 1 from outbox_msg m where m.uid = k.id)
         and not exists (select 1 from outbox_dead d where d.uid = k.id)`,
    );
    const broken = [
      ...operations.map((row) => `the ${row.kind} ${row.id} is ${row.status}`),
      ...messages.map((row) => `message ${row.pos} (${row.type}) waits and nobody knows why`),
      ...events.map((row) => `the provider's event ${row.id} (${row.type}) was never applied`),
      ...sessions.map((row) => `the KYC session ${row.id} is queued and has no message`),
      ...dead
        .filter((row) => row.reason === '')
        .map((row) => `${row.many} dead ${row.type} without a reason`),
    ];
    const given = dead.map((row) => `${row.many} ${row.type}: ${row.reason}`).join('; ');
    const answered = journal.answers().length;
    return {
      found: `${answered} answers followed; dead: ${given === '' ? 'none' : given}`,
      broken,
    };
  },
};

export const booksBalance: Promised = {
  name: 'the ledger sums to zero in every currency',
  isAlways: false,
  check: async ({ books }) => {
    const sums = await books.rows<Record<string, string | number>>(
      `select currency, sum(debits_posted) - sum(credits_posted) as posted,
          sum(debits_pending) - sum(credits_pending) as pending, count(*) as accounts
         from ledger_account group by currency`,
    );
    const broken = sums
      .filter(({ posted, pending }) => posted !== 0 || pending !== 0)
      .map((row) => JSON.stringify(row));
    const found = sums.map(({ currency, accounts }) => `${accounts} accounts in ${currency}`);
    return { found: found.join(', '), broken };
  },
};

export const booksAgree: Promised = {
  name: 'ledger = provider ledger',
  isAlways: false,
  check: async ({ appliance, stripeFile }) => {
    const { lines, equal } = await verifyLedgers(appliance, stripeFile);
    return { found: lines[0] ?? '', broken: equal ? [] : lines.slice(1) };
  },
};
