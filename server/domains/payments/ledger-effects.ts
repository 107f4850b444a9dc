// What each result of an operation does to the books and to its payment's sums. Called only by the one
// transition function, inside its transaction, with the payment's row held.

import type { Tx } from '../../platform/database/database.ts';
import { present } from '../../shared/assert.ts';
import type { Entry, Ledger } from '../ledger/index.ts';
import type { Operation } from './operation.ts';
import type { Payment } from './payment.ts';
import { EXPOSURE } from './policy.ts';

export interface Books {
  ledger: Ledger;
  /** The provider's name: whose clearing account. */
  provider: string;
}

export interface Changed {
  payment: Payment;
  operation: Operation;
}

type Leg = Omit<Entry, 'kind' | 'limit' | 'expiresAt'>;

/** First of all: what is booked in several steps waits for its accounts once, in the order of everybody. */
export async function lockBooks(
  { ledger, provider }: Books,
  tx: Tx,
  payment: Payment,
): Promise<void> {
  const { personId, currency, id: paymentId } = payment;
  const accounts = [
    { kind: 'provider_clearing', holder: provider, currency },
    { ...revenueOf(tx), currency },
    { kind: 'customer_receivable', holder: personId, currency },
    { kind: 'refund_payable', holder: personId, currency },
  ] as const;
  await ledger.lock(tx, { accounts, reserved: { paymentId, code: EXPOSURE } });
}

/** `others` are the payment's other operations. */
export async function bookSuccess(
  { ledger, provider }: Books,
  tx: Tx,
  { payment, operation, others }: Changed & { others: readonly Operation[] },
): Promise<Changed> {
  const { amountMinor } = operation;
  const clearing = { kind: 'provider_clearing', holder: provider } as const;
  switch (operation.kind) {
    case 'authorise': {
      await ledger.voidOpen(tx, { paymentId: payment.id, code: EXPOSURE });
      const holdTransferId = await ledger.hold(tx, {
        ...legOf(operation, 'capture'),
        debit: clearing,
        credit: revenueOf(tx),
      });
      return {
        payment: { ...payment, authorisedMinor: amountMinor },
        operation: { ...operation, holdTransferId },
      };
    }
    case 'capture':
      await ledger.post(tx, holdOfAuthorisation(others), amountMinor);
      return { payment: { ...payment, capturedMinor: amountMinor }, operation };
    case 'void':
      await ledger.voidTransfer(tx, holdOfAuthorisation(others));
      return { payment: { ...payment, authorisedMinor: 0 }, operation };
    case 'refund':
      await ledger.post(tx, present(operation.holdTransferId, 'the hold of a refund'));
      await ledger.transfer(tx, {
        ...legOf(operation, 'refund_paid'),
        debit: { kind: 'refund_payable', holder: payment.personId },
        credit: clearing,
      });
      return {
        payment: { ...payment, refundedMinor: payment.refundedMinor + amountMinor },
        operation,
      };
  }
}

export async function bookDecline(
  { ledger, provider }: Books,
  tx: Tx,
  { payment, operation, others }: Changed & { others: readonly Operation[] },
): Promise<Payment> {
  switch (operation.kind) {
    case 'authorise':
      await ledger.voidOpen(tx, { paymentId: payment.id, code: EXPOSURE });
      // Taken back before the provider refused it: nobody is owed what was not handed out.
      if (!isTakenBack(others)) await ledger.transfer(tx, receivable(tx, payment, operation));
      return payment;
    case 'capture':
      // The authorisation lapsed before it was used: the goods are gone all the same.
      await ledger.voidTransfer(tx, holdOfAuthorisation(others));
      await ledger.transfer(tx, receivable(tx, payment, operation));
      return { ...payment, authorisedMinor: 0 };
    case 'void':
      return payment;
    case 'refund': {
      const hold = present(operation.holdTransferId, 'the hold of a refund');
      if (operation.status !== 'succeeded') {
        await ledger.voidTransfer(tx, hold);
        return payment;
      }
      // It had succeeded, and the bank sent the money back: both postings are turned round.
      await ledger.transfer(tx, {
        ...legOf(operation, 'refund_returned'),
        debit: { kind: 'provider_clearing', holder: provider },
        credit: revenueOf(tx),
      });
      return { ...payment, refundedMinor: payment.refundedMinor - operation.amountMinor };
    }
  }
}

/** A refusal came first and the success late: what the person owed for it is owed no more. */
export async function bookLateSuccess(
  { ledger }: Books,
  tx: Tx,
  { payment, operation }: Changed,
): Promise<{ stillOwed: boolean }> {
  const owing = { kind: 'customer_receivable', holder: payment.personId } as const;
  const items = await ledger.openItems(tx, { ...owing, currency: payment.currency });
  const open = items.find((item) => item.paymentId === payment.id)?.openMinor ?? 0;
  if (open <= 0) return { stillOwed: false };
  await ledger.transfer(tx, {
    ...legOf(operation, 'receivable_reversed'),
    amountMinor: open,
    debit: revenueOf(tx),
    credit: owing,
  });
  return { stillOwed: true };
}

/** Held from the moment a refund is asked for. */
export function refundHold(
  tx: Tx,
  payment: Payment,
  amountMinor: number,
): Omit<Entry, 'kind' | 'limit'> {
  return {
    debit: revenueOf(tx),
    credit: { kind: 'refund_payable', holder: payment.personId },
    amountMinor,
    currency: payment.currency,
    code: 'refund',
    paymentId: payment.id,
    operationId: null,
  };
}

export function settlement(tx: Tx, payment: Payment, openMinor: number): Leg {
  return {
    debit: { kind: 'settled_outside', holder: tx.org },
    credit: { kind: 'customer_receivable', holder: payment.personId },
    amountMinor: openMinor,
    currency: payment.currency,
    code: 'receivable_settled',
    paymentId: payment.id,
    operationId: null,
  };
}

function receivable(tx: Tx, payment: Payment, operation: Operation): Leg {
  return {
    ...legOf(operation, 'receivable'),
    debit: { kind: 'customer_receivable', holder: payment.personId },
    credit: revenueOf(tx),
  };
}

function isTakenBack(others: readonly Operation[]): boolean {
  return others.some(({ kind, status }) => kind === 'void' && status !== 'declined');
}

function legOf(operation: Operation, code: string): Omit<Leg, 'debit' | 'credit'> {
  const { amountMinor, currency, paymentId, id } = operation;
  return { amountMinor, currency, code, paymentId, operationId: id };
}

function revenueOf(tx: Tx): Entry['credit'] {
  return { kind: 'revenue', holder: tx.org };
}

function holdOfAuthorisation(others: readonly Operation[]): string {
  const authorisation = others.find(({ kind }) => kind === 'authorise');
  return present(authorisation?.holdTransferId, 'the hold of the authorisation');
}
