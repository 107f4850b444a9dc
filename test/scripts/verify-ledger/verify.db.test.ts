// The verifier over books with everything in them, and then with one thing wrong at a time: each must be
// named, and end the process with 1. Accounts are always adjusted along, as a careful forger would.

import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { usePaidDoor, type Till } from '../../domains/payments/paid-door.ts';
import {
  changedBooks,
  fillBooks,
  type Hand,
  openHand,
  runVerifier,
  type Told,
  verify,
} from './planted-books.ts';

const door = usePaidDoor();
let till: Till;
let told: Told;
let hand: Hand;

beforeAll(async () => {
  till = await door.open();
  told = await fillBooks(till);
  hand = await openHand(door.settings());
  door.onClose(() => hand.close());
}, 180_000);
afterEach(() => hand.restore());

const check = (stripeFile = till.twin.database) =>
  verify(door.settings(), till.org.orgId, stripeFile);

/** Changes what these transfers have moved, on both of their accounts. */
const moved = (where: string, minor: string): string[] =>
  (['debit', 'credit'] as const).map(
    (side) => `update ledger_account set ${side}s_posted = ${side}s_posted + (${minor})
      where id = (select ${side}_account_id from ledger_transfer where ${where})`,
  );

describe('the verifier', () => {
  test('is content with captures, refunds, returned refunds, debts, releases and lapses', async () => {
    const { code, text } = await check();
    expect(text).toMatch(/ledger = provider ledger\n$/);
    expect(code).toBe(0);
  });

  const forgeries: readonly [string, (p: Told) => string[], (p: Told) => string[]][] = [
    [
      'a capture whose hold and post are gone',
      ({ captured }) => [
        ...moved(`payment_id = '${captured}' and code = 'capture' and kind = 'post'`, '-1234'),
        `delete from ledger_transfer where payment_id = '${captured}' and code = 'capture'`,
      ],
      ({ captured }) => [
        `DIFFERENCE capture ${captured}, ledger ↔ provider: nothing ≠ 1234 EUR succeeded`,
        `DIFFERENCE transfer capture of`,
      ],
    ],
    [
      'another amount in hold and post',
      ({ captured }) => [
        ...moved(`payment_id = '${captured}' and code = 'capture' and kind = 'post'`, '100'),
        `update ledger_transfer set amount_minor = 1334 where payment_id = '${captured}' and code = 'capture'`,
      ],
      ({ captured }) => [`capture ${captured}, ledger ↔ provider: 1334 EUR`, '≠ 1234 EUR'],
    ],
    [
      'another currency of one capture',
      ({ captured }) => [
        `update ledger_transfer set currency = 'USD' where payment_id = '${captured}' and code = 'capture'`,
      ],
      ({ captured }) => [`capture ${captured}, ledger ↔ provider: 1234 USD`, 'in EUR'],
    ],
    [
      'another currency of all accounts and transfers',
      () => [
        `update ledger_account set currency = 'USD'`,
        `update ledger_transfer set currency = 'USD'`,
      ],
      ({ refunded }) => [`capture ${refunded}, ledger ↔ provider: 1234 USD`],
    ],
    [
      'a surplus transfer of a payment',
      ({ captured }) => [
        ...moved(`payment_id = '${captured}' and code = 'capture' and kind = 'post'`, '1234'),
        copyOf(`payment_id = '${captured}' and code = 'capture' and kind = 'post'`, {
          kind: `'single'`,
          pending_id: 'null',
        }),
      ],
      ({ captured }) => [
        `capture ${captured}, ledger ↔ provider: 1234 EUR succeeded`,
        'nothing that explains it',
      ],
    ],
    [
      'a surplus transfer of no payment, under a code of its own',
      ({ captured }) => [
        ...moved(`payment_id = '${captured}' and code = 'capture' and kind = 'post'`, '1234'),
        copyOf(`payment_id = '${captured}' and code = 'capture' and kind = 'post'`, {
          kind: `'single'`,
          pending_id: 'null',
          payment_id: 'null',
          operation_id: 'null',
          code: `'correction'`,
        }),
      ],
      () => ['transfer correction no payment', 'nothing that explains it'],
    ],
    [
      'a debt that is gone',
      ({ owed }) => [
        ...moved(`payment_id = '${owed}' and code = 'receivable'`, '-1234'),
        `delete from ledger_transfer where payment_id = '${owed}' and code = 'receivable'`,
      ],
      ({ owed }) => ['transfer receivable of', `${owed}, ledger ↔ operations: nothing`],
    ],
    [
      'a debt settled without anybody having said so',
      ({ owed, settled }) => [
        ...moved(`payment_id = '${settled}' and code = 'receivable_settled'`, '1234'),
        copyOf(`payment_id = '${settled}' and code = 'receivable_settled'`, {
          payment_id: `'${owed}'`,
        }),
      ],
      ({ owed }) => [`transfer receivable_settled ${owed}`, 'nothing that explains it'],
    ],
    [
      'a refund that was paid and is not booked',
      ({ refunded }) => [
        ...moved(`payment_id = '${refunded}' and code = 'refund_paid'`, '-500'),
        `delete from ledger_transfer where payment_id = '${refunded}' and code = 'refund_paid'`,
      ],
      () => [
        'DIFFERENCE refund',
        'ledger ↔ provider: nothing ≠ 500 EUR',
        'transfer refund_paid of',
      ],
    ],
    [
      'a returned refund whose return is not booked',
      ({ returned }) => [
        ...moved(`payment_id = '${returned}' and code = 'refund_returned'`, '-500'),
        `delete from ledger_transfer where payment_id = '${returned}' and code = 'refund_returned'`,
      ],
      () => ['DIFFERENCE refund', 'transfer refund_returned of'],
    ],
    [
      'a released authorisation that the ledger still holds',
      ({ voided }) => [
        `delete from ledger_transfer where payment_id = '${voided}' and code = 'capture' and kind = 'void'`,
        `update ledger_account set debits_pending = debits_pending + 1234 where kind = 'provider_clearing'`,
        `update ledger_account set credits_pending = credits_pending + 1234 where kind = 'revenue'`,
      ],
      ({ voided }) => [`DIFFERENCE release ${voided}, ledger ↔ provider: nothing ≠ 1234 EUR`],
    ],
    [
      'a lapsed authorisation that the ledger says was captured',
      ({ lapsed }) => [
        ...moved(`payment_id = '${lapsed}' and code = 'capture' and kind = 'void'`, '1234'),
        `update ledger_transfer set kind = 'post' where payment_id = '${lapsed}' and code = 'capture' and kind = 'void'`,
      ],
      ({ lapsed }) => [
        `DIFFERENCE capture ${lapsed}, ledger ↔ provider: 1234 EUR`,
        `DIFFERENCE release ${lapsed}, ledger ↔ provider: nothing`,
      ],
    ],
    [
      'a bound of an offline payment that was not counted',
      ({ offline }) => [
        ...moved(`payment_id = '${offline}' and code = 'offline_day'`, '-1234'),
        `delete from ledger_transfer where payment_id = '${offline}' and code = 'offline_day'`,
      ],
      ({ offline }) => [`transfer offline_day ${offline}`],
    ],
    [
      'money booked on another account',
      ({ owed, captured }) => [
        ...moved(`payment_id = '${owed}' and code = 'receivable'`, '-1234'),
        `update ledger_transfer set debit_account_id = (select debit_account_id from ledger_transfer
           where payment_id = '${captured}' and code = 'capture' and kind = 'post')
         where payment_id = '${owed}' and code = 'receivable'`,
        ...moved(`payment_id = '${owed}' and code = 'receivable'`, '1234'),
      ],
      () => ['transfer receivable of', 'provider_clearing:stripe → revenue:'],
    ],
    [
      'an operation with another amount',
      ({ captured }) => [
        `update operation set amount_minor = 1235 where payment_id = '${captured}' and kind = 'capture'`,
      ],
      ({ captured }) => [`capture ${captured}, operations ↔ provider: 1235 EUR`, 'sum captured'],
    ],
    [
      'an account with a balance of its own',
      () => [`update ledger_account set debits_posted = debits_posted + 1 where kind = 'revenue'`],
      () => ['accounts ↔ transfers', 'books posted EUR'],
    ],
  ];

  test.each(forgeries)('names %s', async (_title, statements, words) => {
    await hand.change(...statements(told));
    const { code, text } = await check();
    for (const expected of words(told)) expect(text).toContain(expected);
    expect(text).not.toContain('ledger = provider ledger');
    expect(code).toBe(1);
  });

  const ofIntent = (paymentId: string): string =>
    `in (select id from payment_intent where metadata ->> '$.payment_id' = '${paymentId}')`;
  const theirs: readonly [string, (p: Told) => string, (p: Told) => string][] = [
    [
      'another captured amount',
      (p) =>
        `update charge set amount_captured_minor = 1 where payment_intent ${ofIntent(p.captured)}`,
      (p) => `capture ${p.captured}, ledger ↔ provider: 1234 EUR`,
    ],
    [
      'no capture at all',
      (p) => `update charge set captured = 0 where payment_intent ${ofIntent(p.captured)}`,
      (p) => `capture ${p.captured}, ledger ↔ provider: 1234 EUR`,
    ],
    [
      'another currency',
      (p) => `update payment_intent set currency = 'usd' where id ${ofIntent(p.captured)}`,
      (p) => `capture ${p.captured}, ledger ↔ provider: 1234 EUR`,
    ],
    [
      'another refund',
      (p) => `update refund set amount_minor = 501 where payment_intent ${ofIntent(p.refunded)}`,
      () => 'ledger ↔ provider: 500 EUR succeeded',
    ],
    [
      'no refund at all',
      (p) => `delete from refund where payment_intent ${ofIntent(p.refunded)}`,
      () => 'ledger ↔ provider: 500 EUR succeeded',
    ],
    [
      'a decline that was none',
      (p) => `update charge set status = 'succeeded' where payment_intent ${ofIntent(p.owed)}`,
      () => 'operations ↔ provider: 1234 EUR declined',
    ],
    [
      'a release that was none',
      (p) => `update payment_intent set status = 'requires_capture' where id ${ofIntent(p.voided)}`,
      (p) => `release ${p.voided}, ledger ↔ provider: 1234 EUR`,
    ],
  ];

  test.each(theirs)("names %s in the provider's books", async (_title, statement, words) => {
    const { code, text } = await check(changedBooks(till.twin.database, statement(told)));
    expect(text).toContain(words(told));
    expect(code).toBe(1);
  });

  test.each([
    [['--sqlite', 'x.db'], 'Expected --stripe with the file of the provider, found none.'],
    [['--stripe', 'x.db'], 'Expected --sqlite FILE or --postgres HOST:PORT/NAME, found neither.'],
  ])('refuses %j by name', async (argv, words) => {
    const { code, text } = await runVerifier(argv);
    expect(text).toContain(words);
    expect(code).toBe(2);
  });
});

const COLUMNS = `org_id, id, kind, pending_id, debit_account_id, credit_account_id, amount_minor, currency,
  code, payment_id, operation_id, expires_at, created_at`;

/** One more transfer like that one, but for these columns. */
function copyOf(where: string, but: Readonly<Record<string, string>>): string {
  const values = COLUMNS.split(',')
    .map((column) => column.trim())
    .map((column) => but[column] ?? (column === 'id' ? `'ltr_surplus'` : column));
  return `insert into ledger_transfer (${COLUMNS}) select ${values.join(', ')}
    from ledger_transfer where ${where}`;
}
