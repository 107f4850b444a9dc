import { describe, expect, test } from '@jest/globals';
import type { Operation } from '../../../server/domains/payments/operation.ts';
import {
  type PaymentStatus,
  refundableMinor,
  statusOf,
  type Sums,
} from '../../../server/domains/payments/payment.ts';

type Op = Pick<Operation, 'kind' | 'status' | 'amountMinor'>;

function op(text: string, amountMinor = 1_000): Op {
  const [kind, status] = text.split(' ') as [Op['kind'], Op['status']];
  return { kind, status, amountMinor };
}

const sums = (more: Partial<Sums> = {}): Sums => ({
  amountMinor: 1_000,
  accepted: 'online',
  authorisedMinor: 0,
  capturedMinor: 0,
  refundedMinor: 0,
  ...more,
});
const AUTHORISED = { authorisedMinor: 1_000 };
const CAPTURED = { ...AUTHORISED, capturedMinor: 1_000 };
const DONE = ['authorise succeeded', 'capture succeeded'];

const CASES: [PaymentStatus, Partial<Sums>, string[]][] = [
  ['requires_auth', {}, ['authorise queued', 'capture queued']],
  ['requires_auth', {}, ['authorise sending', 'capture queued']],
  ['requires_auth', {}, ['authorise not_sent', 'capture queued']],
  ['offline_accepted', { accepted: 'offline' }, ['authorise queued', 'capture queued']],
  ['in_doubt', {}, ['authorise unknown', 'capture queued']],
  ['in_doubt', AUTHORISED, ['authorise succeeded', 'capture unknown']],
  ['in_doubt', AUTHORISED, ['authorise succeeded', 'capture unknown_escalated']],
  ['in_doubt', CAPTURED, [...DONE, 'refund unknown']],
  ['authorised', AUTHORISED, ['authorise succeeded', 'capture queued']],
  ['authorised', AUTHORISED, ['authorise succeeded', 'capture cancelled', 'void queued']],
  ['captured', CAPTURED, DONE],
  ['captured', CAPTURED, [...DONE, 'refund queued']],
  ['captured', CAPTURED, [...DONE, 'refund declined']],
  ['partially_captured', { ...AUTHORISED, capturedMinor: 400 }, DONE],
  ['partially_refunded', { ...CAPTURED, refundedMinor: 1 }, [...DONE, 'refund succeeded']],
  ['refunded', { ...CAPTURED, refundedMinor: 1_000 }, [...DONE, 'refund succeeded']],
  ['declined', {}, ['authorise declined', 'capture cancelled']],
  ['declined', {}, ['authorise succeeded', 'capture declined']],
  ['voided', {}, ['authorise succeeded', 'capture cancelled', 'void succeeded']],
  ['voided', {}, ['authorise cancelled', 'capture cancelled']],
];

describe('the status of a payment is computed', () => {
  for (const [status, of, operations] of CASES) {
    test(`${status}: ${operations.join(', ')} ${JSON.stringify(of)}`, () => {
      expect(
        statusOf(
          sums(of),
          operations.map((text) => op(text)),
        ),
      ).toBe(status);
    });
  }
});

describe('what may still be refunded', () => {
  test('open, doubtful and absent refunds count in full; declined and cancelled ones do not', () => {
    const refunds = ['queued', 'sending', 'pending', 'unknown', 'unknown_escalated', 'succeeded'];
    for (const status of refunds) {
      expect(refundableMinor({ capturedMinor: 1_000 }, [op(`refund ${status}`, 300)])).toBe(700);
    }
    for (const status of ['declined', 'cancelled']) {
      expect(refundableMinor({ capturedMinor: 1_000 }, [op(`refund ${status}`, 300)])).toBe(1_000);
    }
  });
});
