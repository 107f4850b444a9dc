// Every promise of a rehearsal can fail: it holds over rows as they should be, and one row that breaks it
// is named. A promise without such a row fails this test.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { checkPromises, checkSoFar, PROMISES } from '../../../scripts/chaos/promises/check.ts';
import { ENDED_AT, openPlantedWorld, type PlantedWorld } from './planted-world.ts';

const DEVICE = 'dev_1';
const PAYMENT = { id: 'pay_1', device_id: DEVICE, terminal_ref: 'ref_1', currency: 'EUR' };
const ANSWERED = { device: DEVICE, ref: 'ref_1' };
const EVENT = { device_id: DEVICE, epoch: 'e1', status: 'accepted' };
const ORDER = { id: 'opn_1', payment_id: 'pay_1', kind: 'capture', currency: 'EUR' };

type Planting = (world: PlantedWorld) => void | Promise<void>;

interface Case {
  what: string;
  /** Rows as they should be, of which the promise says something. */
  good: Planting;
  bad: Planting;
  /** In the name of what breaks it. */
  named: string;
}

const decided = (decision: string) => ({
  device_id: DEVICE,
  terminal_ref: 'ref_1',
  answer: JSON.stringify({ decision }),
});
const told = (world: PlantedWorld, decision: string, paymentId: string | null = null): void =>
  world.journal.answered({ ...ANSWERED, decision, paymentId });
const intent = (id: string, operation: string | null) => ({
  id,
  status: 'succeeded',
  currency: 'eur',
  metadata: JSON.stringify({
    payment_id: 'pay_1',
    ...(operation ? { operation_id: operation } : {}),
  }),
});
const charge = (id: string, of: string) => ({
  id,
  payment_intent: of,
  status: 'succeeded',
  currency: 'eur',
});

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'every answer given at a door is in the database': [
    {
      what: 'an answer without a decision',
      good: async (world) => {
        await world.plant('payment_decision', decided('refused'));
        told(world, 'refused');
      },
      bad: (world) =>
        world.journal.answered({
          device: DEVICE,
          ref: 'ref_2',
          decision: 'refused',
          paymentId: null,
        }),
      named: 'the answer refused to ref_2 of dev_1: there is no such decision',
    },
    {
      what: 'another decision than the one that was told',
      good: () => undefined,
      bad: async (world) => {
        await world.plant('payment_decision', decided('refused'));
        told(world, 'approved', 'pay_1');
      },
      named: 'refused is stored',
    },
    {
      what: 'an approval without its payment',
      good: () => undefined,
      bad: async (world) => {
        await world.plant('payment_decision', decided('approved'));
        told(world, 'approved', 'pay_1');
      },
      named: 'there is no payment pay_1',
    },
  ],
  'every acknowledged event is in the database': [
    {
      what: 'a receipt beyond what is stored',
      good: async (world) => {
        await world.plant('device_event', { ...EVENT, id: 'evt_1', seq: 1 });
        world.journal.acknowledged({ device: DEVICE, epoch: 'e1', acked: 1 });
      },
      bad: (world) => world.journal.acknowledged({ device: DEVICE, epoch: 'e1', acked: 2 }),
      named: 'events 1 to 2 are safe, found 1 of 1',
    },
    {
      what: 'a hole below a receipt',
      good: () => undefined,
      bad: async (world) => {
        await world.plant('device_event', { ...EVENT, id: 'evt_1', seq: 1 });
        await world.plant('device_event', { ...EVENT, id: 'evt_3', seq: 3 });
        world.journal.acknowledged({ device: DEVICE, epoch: 'e1', acked: 3 });
      },
      named: 'events 1 to 3 are safe, found 2 of 3',
    },
    {
      what: 'an event in quarantine',
      good: () => undefined,
      bad: (world) =>
        world.plant('device_event', { ...EVENT, id: 'evt_1', seq: 1, status: 'quarantined' }),
      named: 'event 1 of dev_1 is in quarantine',
    },
  ],
  'everything the API said it made is in the database': [
    {
      what: 'a person that is gone',
      good: async (world) => {
        await world.plant('person', { id: 'per_1' });
        world.journal.created({ kind: 'person', id: 'per_1' });
      },
      bad: (world) => world.journal.created({ kind: 'person', id: 'per_2' }),
      named: 'person per_2 is gone',
    },
    {
      what: 'a refund that is gone',
      good: () => undefined,
      bad: (world) => world.journal.created({ kind: 'refund', id: 'opn_9' }),
      named: 'refund opn_9 is gone',
    },
  ],
  'what a door was told has expired is never taken, owed or held': [
    {
      what: 'a payment that was captured by our books',
      good: async (world) => {
        await world.plant('payment', { ...PAYMENT, status: 'voided' });
        told(world, 'expired');
      },
      bad: async (world) => {
        world.journal.answered({
          device: DEVICE,
          ref: 'ref_2',
          decision: 'expired',
          paymentId: null,
        });
        const taken = { id: 'pay_2', terminal_ref: 'ref_2', status: 'captured', captured_minor: 5 };
        await world.plant('payment', { ...PAYMENT, ...taken });
      },
      named: 'ref_2 of dev_1 had expired, and pay_2 was captured',
    },
    {
      what: "a payment that was captured by the provider's books alone",
      good: () => undefined,
      bad: async (world) => {
        await world.plant('payment', { ...PAYMENT, status: 'voided' });
        told(world, 'expired');
        world.stripe('payment_intent', intent('pi_1', 'opn_1'));
        world.stripe('charge', { ...charge('ch_1', 'pi_1'), captured: 1 });
      },
      named: 'pay_1 was captured',
    },
    {
      what: 'a payment that is owed',
      good: () => undefined,
      bad: async (world) => {
        await world.plant('payment', { ...PAYMENT, status: 'declined' });
        await world.plant('ledger_transfer', {
          id: 'ltr_1',
          payment_id: 'pay_1',
          code: 'receivable',
        });
        told(world, 'expired');
      },
      named: 'pay_1 is owed',
    },
    {
      what: 'a payment that is still held',
      good: () => undefined,
      bad: async (world) => {
        await world.plant('payment', { ...PAYMENT, status: 'authorised' });
        told(world, 'expired');
      },
      named: 'pay_1 is authorised',
    },
  ],
  'no event of a device is stored twice': [
    {
      what: 'one id at two places',
      good: (world) => world.plant('device_event', { ...EVENT, id: 'evt_1', seq: 1 }),
      bad: (world) => world.plant('device_event', { ...EVENT, id: 'evt_1', seq: 2 }),
      named: 'evt_1',
    },
  ],
  'a request repeated under its key makes one thing': [
    {
      what: 'two people of one request',
      good: (world) => world.plant('person', { id: 'per_1', display_name: 'Rehearsal 7' }),
      bad: (world) => world.plant('person', { id: 'per_2', display_name: 'Rehearsal 7' }),
      named: 'Rehearsal 7',
    },
  ],
  'no operation has two effects at a provider': [
    {
      what: 'two payment intents of one operation',
      good: (world) => world.stripe('payment_intent', intent('pi_1', 'opn_1')),
      bad: (world) => world.stripe('payment_intent', intent('pi_2', 'opn_1')),
      named: '2 payment intents of one operation: opn_1',
    },
    {
      what: 'a payment intent without our reference',
      good: () => undefined,
      bad: (world) => world.stripe('payment_intent', intent('pi_1', null)),
      named: 'without our reference',
    },
    {
      what: 'two charges that took money for one payment',
      good: (world) => {
        world.stripe('payment_intent', intent('pi_1', 'opn_1'));
        world.stripe('charge', charge('ch_1', 'pi_1'));
      },
      bad: (world) => {
        world.stripe('payment_intent', intent('pi_2', 'opn_2'));
        world.stripe('charge', charge('ch_2', 'pi_2'));
      },
      named: '2 charges that took money for one payment: pay_1',
    },
    {
      what: 'two refunds of one operation',
      good: (world) => world.stripe('refund', refund('re_1')),
      bad: (world) => world.stripe('refund', refund('re_2')),
      named: '2 refunds of one operation: opn_3',
    },
    {
      what: 'two Veriff sessions of one KYC session',
      good: (world) => world.veriff('session', session('s1')),
      bad: (world) => world.veriff('session', session('s2')),
      named: '2 sessions of one KYC session: kys_1',
    },
  ],
  'nothing is stuck without a reason': [
    {
      what: 'an operation that is not over',
      good: async (world) => {
        await world.plant('operation', { ...ORDER, status: 'succeeded' });
        await world.plant('operation', {
          ...ORDER,
          id: 'opn_2',
          status: 'unknown_escalated',
          reason: 'x',
        });
        await world.plant('operation', { ...ORDER, id: 'opn_3', status: 'queued' });
        await world.plant('outbox_dead', { pos: 1, uid: 'opn_3', reason: 'x' });
      },
      bad: (world) => world.plant('operation', { ...ORDER, id: 'opn_4', status: 'unknown' }),
      named: 'the capture opn_4 is unknown',
    },
    {
      what: 'an escalated operation without a reason',
      good: () => undefined,
      bad: (world) => world.plant('operation', { ...ORDER, status: 'unknown_escalated' }),
      named: 'the capture opn_1 is unknown_escalated',
    },
    {
      what: 'a message that nobody works on',
      good: async (world) => {
        await world.plant('outbox_msg', { pos: 1, type: 't', created_at: ENDED_AT - 60_000 });
        await world.plant('outbox_retry', { pos: 1, last_error: 'refused' });
        await world.plant('outbox_msg', { pos: 2, type: 't', created_at: ENDED_AT });
      },
      bad: (world) =>
        world.plant('outbox_msg', { pos: 3, type: 't', created_at: ENDED_AT - 60_000 }),
      named: 'message 3 (t) waits and nobody knows why',
    },
    ...(['stored', 'unreadable'] as const).map((status) => ({
      what: `a provider's event that stays ${status}`,
      good: async (world: PlantedWorld) => {
        for (const done of ['applied', 'ignored', 'quarantined'])
          await world.plant('inbox_event', { id: done, dedupe_key: done, status: done, type: 't' });
      },
      bad: (world: PlantedWorld) =>
        world.plant('inbox_event', {
          id: 'inb_1',
          dedupe_key: 'evt_1',
          status,
          type: 'charge.captured',
        }),
      named: "the provider's event inb_1 (charge.captured) was never applied",
    })),
    {
      what: 'a KYC session that nobody will create',
      good: async (world) => {
        await world.plant('kyc_session', { id: 'kys_1', status: 'queued' });
        await world.plant('outbox_msg', { pos: 1, uid: 'kys_1', created_at: ENDED_AT });
      },
      bad: (world) => world.plant('kyc_session', { id: 'kys_2', status: 'queued' }),
      named: 'the KYC session kys_2 is queued and has no message',
    },
    {
      what: 'a dead letter without a reason',
      good: (world) => world.plant('outbox_dead', { pos: 1, type: 't', reason: 'refused' }),
      bad: (world) => world.plant('outbox_dead', { pos: 2, type: 't', reason: '' }),
      named: '1 dead t without a reason',
    },
  ],
  'the ledger sums to zero in every currency': [
    {
      what: 'a currency whose debits are not its credits',
      good: (world) =>
        world.plant('ledger_account', {
          ...account('1', 'EUR'),
          debits_posted: 5,
          credits_posted: 5,
        }),
      bad: (world) => world.plant('ledger_account', { ...account('2', 'USD'), credits_pending: 1 }),
      named: 'USD',
    },
  ],
  'ledger = provider ledger': [
    {
      what: 'a charge that only the provider knows',
      good: () => undefined,
      bad: (world) => {
        world.stripe('payment_intent', {
          ...intent('pi_1', 'opn_1'),
          latest_charge: 'ch_1',
          amount_minor: 7,
        });
        world.stripe('charge', {
          ...charge('ch_1', 'pi_1'),
          captured: 1,
          amount_captured_minor: 7,
        });
      },
      named: 'capture pay_1, ledger ↔ provider: nothing ≠ 7 EUR succeeded',
    },
  ],
};

function refund(id: string) {
  return { id, status: 'succeeded', currency: 'eur', metadata: '{"operation_id":"opn_3"}' };
}

function session(id: string) {
  return { id, token: id, status: 'created', vendor_data: 'kys_1' };
}

function account(id: string, currency: string) {
  return { id, kind: 'revenue', holder: id, currency };
}

let world: PlantedWorld;
beforeEach(async () => {
  world = await openPlantedWorld();
});
afterEach(() => world.close());

test('every promise is shown to fail', () => {
  expect(Object.keys(CASES)).toEqual(PROMISES.map(({ name }) => name));
});

for (const promise of PROMISES) {
  describe(promise.name, () => {
    for (const { what, good, bad, named } of CASES[promise.name] ?? []) {
      test(`is broken by ${what}`, async () => {
        await good(world);
        expect((await promise.check(world.evidence)).broken).toEqual([]);
        await bad(world);
        expect((await promise.check(world.evidence)).broken.join('\n')).toContain(named);
      });
    }
  });
}

test('the first broken promise is named and ends the check', async () => {
  const lines: string[] = [];
  world.journal.created({ kind: 'person', id: 'per_1' });
  await world.plant('operation', { ...ORDER, status: 'unknown' });
  expect(await checkPromises(world.evidence, (line) => lines.push(line))).toBe(false);
  expect(lines.join('\n')).toContain('BROKEN  everything the API said it made is in the database');
  expect(lines.at(-1)).toContain('person per_1 is gone');
});

test('in the middle of it all only what holds at every moment is checked', async () => {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  await world.plant('operation', { ...ORDER, status: 'unknown' });
  expect(await checkSoFar(world.evidence, log)).toBe(true);
  expect(lines).toEqual([]);
  world.journal.created({ kind: 'person', id: 'per_1' });
  expect(await checkSoFar(world.evidence, log)).toBe(false);
  expect(lines.at(-1)).toContain('person per_1 is gone');
});

test('nothing wrong anywhere: every promise is said to hold', async () => {
  const lines: string[] = [];
  expect(await checkPromises(world.evidence, (line) => lines.push(line))).toBe(true);
  expect(lines).toHaveLength(PROMISES.length);
});
