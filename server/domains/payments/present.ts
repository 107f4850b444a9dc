// Nouns of payments → JSON.

import { toRfc3339, toRfc3339OrNull } from '../../shared/instant.ts';
import type { WithOperations } from './change-payment.ts';
import type { Operation } from './operation.ts';
import type { PaymentMethod } from './payment-method.ts';
import type { Receivable } from './receivables.ts';

export function presentMoney(amountMinor: number, currency: string): object {
  return { amount: amountMinor, currency };
}

export function presentMethod(method: PaymentMethod): object {
  return {
    id: method.id,
    person_id: method.personId,
    status: method.status,
    url: method.url,
    brand: method.brand,
    last_four: method.lastFour,
    funding: method.funding,
    mandate: method.mandate,
    expires_at: toRfc3339OrNull(method.expiresAt),
    reason: method.reason,
    created_at: toRfc3339(method.createdAt),
    version: method.version,
  };
}

export function presentPayment({ payment, operations }: WithOperations): object {
  const { currency } = payment;
  return {
    id: payment.id,
    node_id: payment.nodeId,
    person_id: payment.personId,
    device_id: payment.deviceId,
    payment_method_id: payment.paymentMethodId,
    terminal_ref: payment.terminalRef,
    amount: presentMoney(payment.amountMinor, currency),
    accepted: payment.accepted,
    status: payment.status,
    description: payment.description,
    identification_id: payment.identificationId,
    authorised: presentMoney(payment.authorisedMinor, currency),
    captured: presentMoney(payment.capturedMinor, currency),
    refunded: presentMoney(payment.refundedMinor, currency),
    operations: operations.map(presentOperation),
    created_at: toRfc3339(payment.createdAt),
    version: payment.version,
  };
}

function presentOperation(operation: Operation): object {
  return {
    id: operation.id,
    kind: operation.kind,
    status: operation.status,
    amount: presentMoney(operation.amountMinor, operation.currency),
    generation: operation.generation,
    provider_ref: operation.providerRef,
    decline_class: operation.declineClass,
    decline_code: operation.declineCode,
    reason: operation.reason,
    resolved_by: operation.resolvedBy,
    first_sent_at: toRfc3339OrNull(operation.firstSentAt),
    created_at: toRfc3339(operation.createdAt),
    finished_at: toRfc3339OrNull(operation.finishedAt),
  };
}

export function presentReceivable(receivable: Receivable): object {
  return {
    payment_id: receivable.paymentId,
    person_id: receivable.personId,
    open: presentMoney(receivable.openMinor, receivable.currency),
    since: toRfc3339(receivable.since),
  };
}
