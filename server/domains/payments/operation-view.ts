// An operation as a provider's adapter sees it: references and amounts, no state of ours.

import type { OrgQueryable } from '../../platform/database/database.ts';
import { present } from '../../shared/assert.ts';
import type { Operation } from './operation.ts';
import type { OperationView } from './outcome.ts';
import type { Payment } from './payment.ts';
import { findMethod } from './store-methods.ts';
import { findAttempt } from './store-payments.ts';

export async function viewOf(
  db: OrgQueryable,
  payment: Payment,
  operation: Operation,
): Promise<OperationView> {
  const attempt = present(await findAttempt(db, operation.attemptId), 'the attempt');
  const method = present(await findMethod(db, payment.paymentMethodId), 'the payment method');
  return {
    orgId: db.org,
    paymentId: payment.id,
    operationId: operation.id,
    kind: operation.kind,
    step: operation.step,
    amountMinor: operation.amountMinor,
    currency: operation.currency,
    idempotencyKey: operation.idempotencyKey,
    customerRef: present(method.customerRef, 'the customer at the provider'),
    methodRef: present(method.methodRef, 'the token at the provider'),
    attemptRef: attempt.providerRef,
    description: payment.description,
    firstSentAt: operation.firstSentAt,
  };
}
