// An operation behind another one whose outcome is not known: its message waits, and not one byte of it
// leaves, whichever kind it is. The verbs refuse such a request; news that come late may still bring it.

import { describe, expect, test } from '@jest/globals';
import { createOperation } from '../../../server/domains/payments/new-operation.ts';
import type { Operation, OperationStatus } from '../../../server/domains/payments/operation.ts';
import { saveOperation } from '../../../server/domains/payments/store-operations.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { accept, addPayer, byHand, type Hand, read, type Till, usePaidDoor } from './paid-door.ts';

const door = usePaidDoor();

/** Authorised, its capture sent with an unknown end, and one more operation queued behind that. */
async function queueBehindCapture(kind: 'refund' | 'void'): Promise<{
  till: Till;
  capture: Operation;
  hand: Hand;
  stored: () => Promise<Operation>;
}> {
  const till = await door.open();
  const personId = await addPayer(till);
  await till.outbox.stop(1_000);
  const paymentId = await accept(till, personId);
  await byHand(till, (await read(till, paymentId)).of('authorise')).run();
  const queued = (await read(till, paymentId)).of('capture');
  const prepared = await byHand(till, queued).prepare();
  if (prepared.kind !== 'send') throw new Error('the capture had nothing to send');
  await byHand(till, queued).settle(prepared.request, { kind: 'unknown', reason: 'ECONNRESET' });
  const { payment, of } = await read(till, paymentId);
  const operation = await transaction(till.db, (tx) =>
    createOperation(till.room, tx, {
      kind,
      payment,
      attemptId: queued.attemptId,
      amountMinor: 500,
      traceId: null,
    }),
  );
  return {
    till,
    capture: of('capture'),
    hand: byHand(till, operation),
    stored: async () => (await read(till, paymentId)).of(kind),
  };
}

const setStatus = (till: Till, operation: Operation, status: OperationStatus): Promise<Operation> =>
  transaction(till.db, (tx) => saveOperation(tx, { ...operation, status }));

describe.each(['refund', 'void'] as const)('a %s queued behind a capture', (kind) => {
  test('waits while the capture is in doubt, on its way or pending, and sends nothing', async () => {
    const { till, capture, hand, stored } = await queueBehindCapture(kind);
    expect(capture.status).toBe('unknown');
    let earlier = capture;
    for (const status of ['unknown', 'unknown_escalated', 'pending', 'sending'] as const) {
      earlier = await setStatus(till, earlier, status);
      expect(await hand.prepare()).toEqual({
        kind: 'blocked',
        reason: `capture ${capture.id} is ${status}`,
        afterMs: 2_000,
      });
      expect(await stored()).toMatchObject({
        status: 'queued',
        request: null,
        firstSentAt: null,
      });
    }
  });

  test('goes as soon as the end of the capture is known', async () => {
    const { till, capture, hand, stored } = await queueBehindCapture(kind);
    expect((await hand.prepare()).kind).toBe('blocked');
    await setStatus(till, capture, 'succeeded');
    expect((await hand.prepare()).kind).toBe('send');
    expect((await stored()).status).toBe('sending');
  });
});
