// Decision against deadline: whoever is first, database and terminal tell one story.

import { describe, expect, test } from '@jest/globals';
import { present } from '../../../server/shared/assert.ts';
import {
  accept,
  addPayer,
  ask,
  byHand,
  chargesOf,
  eventTypes,
  type Hand,
  read,
  type Till,
  usePaidDoor,
} from './paid-door.ts';

const door = usePaidDoor();

/** Is saved, and declines every charge. */
const DECLINING = '4000000000000341';

/** Offline and with the engine at rest: nothing leaves by itself. */
async function quietTill(card?: string): Promise<{ till: Till; personId: string }> {
  const till = await door.open();
  const personId = await addPayer(till, card);
  till.contact.now = { reachable: false, lastOkAt: till.deps.world.clock.now() };
  await till.outbox.stop(1_000);
  return { till, personId };
}

const giveUp = (till: Till, terminalRef: string, traceId: string | null, amountMinor = 900) =>
  till.payments.giveUp(till.db, {
    device: { id: till.deviceId, nodeId: till.org.siteId },
    amountMinor,
    currency: null,
    terminalRef,
    traceId,
  });

/** One request and its reply. */
async function step(hand: Hand): Promise<void> {
  const prepared = await hand.prepare();
  if (prepared.kind !== 'send')
    throw new Error(`Expected something to send, found ${prepared.kind}.`);
  await hand.settle(prepared.request, await hand.send(prepared.request));
}

async function exposureOf(till: Till, personId: string): Promise<number> {
  const account = { kind: 'offline_exposure_person', holder: personId, currency: 'EUR' } as const;
  return (await till.ledger.balance(till.db, account))?.debitsPending ?? 0;
}

async function rowsOf(till: Till): Promise<Record<string, unknown>> {
  const [row] = await till.db.query(
    `select (select count(*) from payment where org_id = $1) as payments,
       (select count(*) from payment_decision where org_id = $1) as decisions,
       (select count(*) from outbox_msg where org_id = $1) as messages`,
    [till.db.org],
  );
  return present(row, 'the counts');
}

describe('a decision and its deadline', () => {
  test('past the deadline nothing is decided: the transaction leaves no trace', async () => {
    const { till, personId } = await quietTill();
    const late = ask(till, personId, 900, { deadlineAt: till.deps.world.clock.now() });
    await expect(late).rejects.toMatchObject({ code: 'deadline_passed' });
    expect(await rowsOf(till)).toEqual({ payments: 0, decisions: 0, messages: 0 });
    expect(await exposureOf(till, personId)).toBe(0);
  });

  test('given up first, the same reference is expired for good', async () => {
    const { till, personId } = await quietTill();
    expect(await giveUp(till, 'first', 'ask_1')).toBeNull();
    const answer = await ask(till, personId, 900, { terminalRef: 'first', traceId: 'ask_1' });
    expect(answer).toMatchObject({ decision: 'expired', paymentId: null });
    expect(await giveUp(till, 'first', 'ask_2')).toBeNull();
    expect(await rowsOf(till)).toEqual({ payments: 0, decisions: 1, messages: 0 });
  });

  test('committed first and told to nobody, it is taken back: released, never authorised', async () => {
    const { till, personId } = await quietTill();
    const asked = { terminalRef: 'late', traceId: 'ask_1' };
    const { paymentId } = await ask(till, personId, 900, asked);
    expect(await exposureOf(till, personId)).toBe(900);
    expect(await giveUp(till, 'late', 'ask_1')).toBeNull();
    const { payment, operations } = await read(till, paymentId ?? '');
    expect(payment.status).toBe('voided');
    expect(operations.map(({ kind, status }) => [kind, status])).toEqual([
      ['authorise', 'cancelled'],
      ['capture', 'cancelled'],
    ]);
    expect(await exposureOf(till, personId)).toBe(0);
    for (const operation of operations) expect(await byHand(till, operation).run()).toBe(0);
    expect(chargesOf(till.twin, payment.id)).toEqual([]);
    expect(await eventTypes(till, payment.id)).toEqual(['payment.accepted', 'payment.voided']);
    expect((await ask(till, personId, 900, asked)).decision).toBe('expired');
  });

  test('told to a second ask, it stands, and whoever gives up hears it', async () => {
    const { till, personId } = await quietTill();
    const first = await ask(till, personId, 900, { terminalRef: 'told', traceId: 'ask_1' });
    await ask(till, personId, 900, { terminalRef: 'told', traceId: 'ask_2' });
    for (const traceId of ['ask_1', 'ask_2', null])
      expect(await giveUp(till, 'told', traceId)).toEqual(first);
    expect(await exposureOf(till, personId)).toBe(900);
  });

  test('a second ask that runs out of time takes back nothing that the first may have told', async () => {
    const { till, personId } = await quietTill();
    const first = await ask(till, personId, 900, { terminalRef: 'again', traceId: 'ask_1' });
    expect(await giveUp(till, 'again', 'ask_2')).toEqual(first);
    expect(await giveUp(till, 'again', 'ask_1')).toEqual(first);
  });

  test('a refusal that nobody heard expires as well', async () => {
    const { till } = await quietTill();
    await ask(till, 'per_nobody', 900, { terminalRef: 'no', traceId: 'ask_1' });
    expect(await giveUp(till, 'no', 'ask_1')).toBeNull();
    expect((await ask(till, null, 900, { terminalRef: 'no' })).decision).toBe('expired');
  });

  test('an authorisation that has left is followed by a void; what may be captured stands', async () => {
    const { till, personId } = await quietTill();
    const asked = { terminalRef: 'sent', traceId: 'ask_1' };
    const sent = await read(till, (await ask(till, personId, 900, asked)).paymentId ?? '');
    await byHand(till, sent.of('authorise')).run();
    expect(await giveUp(till, 'sent', 'ask_1')).toBeNull();
    const found = await read(till, sent.payment.id);
    await byHand(till, found.of('void')).run();
    expect((await read(till, sent.payment.id)).payment.status).toBe('voided');
    expect(chargesOf(till.twin, sent.payment.id)).toMatchObject([{ captured: 0 }]);
    expect(await exposureOf(till, personId)).toBe(0);

    const kept = { terminalRef: 'kept', traceId: 'ask_3' };
    const answer = await ask(till, personId, 900, kept);
    const captured = await read(till, answer.paymentId ?? '');
    await byHand(till, captured.of('authorise')).run();
    await byHand(till, captured.of('capture')).prepare();
    expect(await giveUp(till, 'kept', 'ask_3')).toEqual(answer);
  });

  test('refused by the provider after it was taken back, it is owed by nobody', async () => {
    const { till, personId } = await quietTill(DECLINING);
    const { paymentId } = await ask(till, personId, 900, {
      terminalRef: 'gone',
      traceId: 'ask_1',
    });
    const authorise = byHand(till, (await read(till, paymentId ?? '')).of('authorise'));
    await step(authorise);
    expect(await giveUp(till, 'gone', 'ask_1')).toBeNull();
    await authorise.run();
    const { payment, operations } = await read(till, paymentId ?? '');
    expect(operations.map(({ kind, status }) => [kind, status])).toEqual([
      ['authorise', 'declined'],
      ['capture', 'cancelled'],
      ['void', 'cancelled'],
    ]);
    expect(await till.payments.receivablesOf(till.db, payment.personId)).toEqual([]);
    expect(await exposureOf(till, payment.personId)).toBe(0);
  });

  test('refused by the provider before it could be taken back, it stands', async () => {
    const { till, personId } = await quietTill(DECLINING);
    const answer = await ask(till, personId, 900, {
      terminalRef: 'refused',
      traceId: 'ask_1',
    });
    const { of } = await read(till, answer.paymentId ?? '');
    await byHand(till, of('authorise')).run();
    expect(await giveUp(till, 'refused', 'ask_1')).toEqual(answer);
    expect(await till.payments.receivablesOf(till.db, personId)).toHaveLength(1);
  });

  test('both at the same moment end in one truth, whichever it is', async () => {
    const { till, personId } = await quietTill();
    const truths = await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const asked = { terminalRef: `race_${at}`, traceId: `ask_${at}` };
        const [, standing] = await Promise.all([
          ask(till, personId, 10, asked),
          giveUp(till, `race_${at}`, `ask_${at}`, 10),
        ]);
        const { decision } = await ask(till, personId, 10, { terminalRef: `race_${at}` });
        return [standing, decision];
      }),
    );
    for (const truth of truths) expect(truth).toEqual([null, 'expired']);
    expect(await exposureOf(till, personId)).toBe(0);
    expect(await till.ledger.sumsToZero(till.db)).toBe(true);
  });

  test('another reference is untouched', async () => {
    const { till, personId } = await quietTill();
    const paymentId = await accept(till, personId, 900);
    await giveUp(till, 'other', 'ask_1');
    expect((await read(till, paymentId)).payment.status).toBe('offline_accepted');
  });
});
