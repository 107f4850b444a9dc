import { describe, expect, test } from '@jest/globals';
import {
  accept,
  addPayer,
  chargesOf,
  eventTypes,
  read,
  untilStatus,
  usePaidDoor,
} from './paid-door.ts';
import { until } from '../../support/until.ts';
import { THEN_CUT } from '../../support/spawn-twin.ts';

const door = usePaidDoor();

const ONE_CAPTURED = [
  {
    status: 'succeeded',
    captured: 1,
    amount_minor: 1_234,
    amount_captured_minor: 1_234,
    amount_refunded_minor: 0,
  },
];

describe('an accepted payment', () => {
  test('is authorised and captured once, and every sum is posted', async () => {
    const till = await door.open();
    const personId = await addPayer(till);
    const paymentId = await accept(till, personId);
    const { payment, of } = await untilStatus(till, paymentId, 'captured');
    expect(payment).toMatchObject({
      authorisedMinor: 1_234,
      capturedMinor: 1_234,
      accepted: 'online',
    });
    expect(of('authorise')).toMatchObject({
      status: 'succeeded',
      resolvedBy: 'reply',
      generation: 1,
    });
    expect(of('capture')).toMatchObject({ status: 'succeeded', resolvedBy: 'reply' });
    expect(chargesOf(till.twin, paymentId)).toEqual(ONE_CAPTURED);
    expect(await eventTypes(till, paymentId)).toEqual([
      'payment.accepted',
      'payment.authorised',
      'payment.captured',
    ]);
    const balance = (kind: 'provider_clearing' | 'online_exposure_person', holder: string) =>
      till.ledger.balance(till.db, { kind, holder, currency: 'EUR' });
    expect(await balance('provider_clearing', 'stripe')).toMatchObject({
      debitsPosted: 1_234,
      debitsPending: 0,
    });
    expect(await balance('online_exposure_person', personId)).toMatchObject({
      debitsPosted: 0,
      debitsPending: 0,
    });
    expect(await till.ledger.sumsToZero(till.db)).toBe(true);
  });

  test('that the provider declines becomes a receivable of the person', async () => {
    const till = await door.open();
    const personId = await addPayer(till, '4000000000000341');
    const paymentId = await accept(till, personId);
    const { of } = await untilStatus(till, paymentId, 'declined');
    expect(of('authorise')).toMatchObject({
      status: 'declined',
      declineCode: 'generic_decline',
      declineClass: 'soft',
    });
    expect(of('capture').status).toBe('cancelled');
    expect(await till.payments.receivablesOf(till.db, personId)).toMatchObject([
      { paymentId, openMinor: 1_234, currency: 'EUR' },
    ]);
    expect(chargesOf(till.twin, paymentId)).toMatchObject([{ status: 'failed' }]);
    expect(await till.ledger.sumsToZero(till.db)).toBe(true);
  });
});

const STEPS = [
  ['create', '/v1/payment_intents'],
  ['confirm', '/v1/payment_intents/*/confirm'],
  ['capture', '/v1/payment_intents/*/capture'],
] as const;

describe('whatever is lost, the person is charged once', () => {
  for (const [step, path] of STEPS) {
    for (const kind of [
      'lost_request',
      'lost_reply',
      'hang_reply',
      'reset',
      'status',
      'status_after',
    ] as const) {
      test(`${kind} at ${step}`, async () => {
        const till = await door.open();
        const personId = await addPayer(till);
        await till.twin.ask('POST', '/faults', { on: 'request', method: 'POST', path, kind });
        const paymentId = await accept(till, personId);
        const { of } = await untilStatus(till, paymentId, 'captured');
        const touched = of(step === 'capture' ? 'capture' : 'authorise');
        expect(touched.generation).toBe(1);
        expect(chargesOf(till.twin, paymentId)).toEqual(ONE_CAPTURED);
        expect(await eventTypes(till, paymentId)).toContain('payment.in_doubt');
        expect(await till.ledger.sumsToZero(till.db)).toBe(true);
      });
    }
  }

  test('a capture that commits right before the line is cut is found by a look-up', async () => {
    const till = await door.open();
    const personId = await addPayer(till);
    await till.twin.ask('POST', '/faults', {
      on: 'request',
      method: 'POST',
      path: '/v1/payment_intents/*/capture',
      kind: 'lost_reply',
      mode: 'both',
      ...THEN_CUT,
    });
    const paymentId = await accept(till, personId);
    await untilStatus(till, paymentId, 'in_doubt');
    expect((await read(till, paymentId)).of('capture').status).toBe('unknown');
    await till.twin.ask('POST', '/wan', { state: 'up' });
    const { of } = await untilStatus(till, paymentId, 'captured');
    expect(of('capture').resolvedBy).toBe('lookup');
    expect(chargesOf(till.twin, paymentId)).toEqual(ONE_CAPTURED);
  });

  for (const [step, path] of STEPS) {
    test(`outside the provider's memory of keys nothing is repeated: ${step} is found absent first`, async () => {
      const till = await door.open({ windowMs: 1 });
      const personId = await addPayer(till);
      await till.twin.ask('POST', '/faults', {
        on: 'request',
        method: 'POST',
        path,
        kind: 'lost_request',
      });
      const paymentId = await accept(till, personId);
      const { of } = await untilStatus(till, paymentId, 'captured');
      expect(of(step === 'capture' ? 'capture' : 'authorise').generation).toBe(2);
      expect(await eventTypes(till, paymentId)).toContain('payment.operation_absent');
      expect(chargesOf(till.twin, paymentId)).toEqual(ONE_CAPTURED);
    });

    test(`outside it, what was done is found: ${step}`, async () => {
      const till = await door.open({ windowMs: 1 });
      const personId = await addPayer(till);
      await till.twin.ask('POST', '/faults', {
        on: 'request',
        method: 'POST',
        path,
        kind: 'lost_reply',
      });
      const paymentId = await accept(till, personId);
      const { of } = await untilStatus(till, paymentId, 'captured');
      expect(of(step === 'capture' ? 'capture' : 'authorise').generation).toBe(1);
      expect(chargesOf(till.twin, paymentId)).toEqual(ONE_CAPTURED);
    });
  }

  test('events alone settle a payment whose reply never came', async () => {
    const till = await door.open();
    const personId = await addPayer(till);
    await till.twin.ask('POST', '/faults', {
      on: 'request',
      method: 'POST',
      path: '/v1/payment_intents/*/confirm',
      kind: 'hang_reply',
    });
    // Look-ups stay unanswered: only the list of events brings the news.
    await till.twin.ask('POST', '/faults', {
      on: 'request',
      method: 'GET',
      path: '/v1/payment_intents/*',
      kind: 'status',
      times: 3,
    });
    const paymentId = await accept(till, personId);
    await until('the confirmed charge', () => chargesOf(till.twin, paymentId).length === 1);
    await till.inbox.pollNow('stripe');
    const { of } = await untilStatus(till, paymentId, 'captured');
    expect(['event', 'lookup']).toContain(of('authorise').resolvedBy);
    expect(chargesOf(till.twin, paymentId)).toEqual(ONE_CAPTURED);
  });
});
