// What people owe: payments that were accepted at the door and declined later. A receivable is what the
// ledger says is open on the person's account; nothing else keeps a list of debts.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import { AppError, notFound } from '../../shared/errors.ts';
import type { Instant } from '../../shared/world.ts';
import { tell } from '../audit/index.ts';
import type { Change } from './change-payment.ts';
import { settlement } from './ledger-effects.ts';
import type { Payment } from './payment.ts';
import type { Room } from './room.ts';
import { listCurrenciesOf, lockPayment } from './store-payments.ts';

export interface Receivable {
  paymentId: string;
  personId: string;
  openMinor: number;
  currency: string;
  since: Instant;
}

export async function receivablesOf(
  { ledger }: Pick<Room, 'ledger'>,
  db: OrgQueryable,
  personId: string,
): Promise<readonly Receivable[]> {
  const found: Receivable[] = [];
  for (const currency of await listCurrenciesOf(db, personId)) {
    const key = { kind: 'customer_receivable', holder: personId, currency } as const;
    for (const item of await ledger.openItems(db, key)) {
      if (item.openMinor > 0) found.push({ ...item, personId, currency });
    }
  }
  return found;
}

/** The person paid in another way: cash, another card at the desk. */
export async function settleReceivable(
  room: Room,
  tx: Tx,
  { paymentId, note, actor, traceId }: Change & { note: string },
): Promise<{ payment: Payment; settledMinor: number }> {
  const payment = await lockPayment(tx, paymentId);
  if (payment === null) throw notFound('payment', paymentId);
  const open = await receivablesOf(room, tx, payment.personId);
  const settledMinor = open.find((item) => item.paymentId === paymentId)?.openMinor ?? 0;
  if (settledMinor <= 0) {
    throw new AppError(
      'conflict',
      `Expected a payment that is still owed, found nothing owed for ${paymentId}.`,
    );
  }
  await room.ledger.transfer(tx, settlement(tx, payment, settledMinor));
  await tell(room.deps, tx, {
    type: 'receivable.settled',
    subject: { kind: 'payment', id: paymentId },
    nodeId: payment.nodeId,
    actor,
    data: {
      person_id: payment.personId,
      amount_minor: settledMinor,
      currency: payment.currency,
      note,
    },
    traceId,
  });
  return { payment, settledMinor };
}
