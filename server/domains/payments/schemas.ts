// Shapes of requests and answers of the payment routes; types are inferred from them.

import { z } from 'zod';
import { AMOUNT_MINOR_MAX } from '../../shared/money.ts';
import { OPERATION_KINDS, OPERATION_STATUSES } from './operation.ts';
import { PAYMENT_STATUSES } from './payment.ts';
import { METHOD_STATUSES } from './payment-method.ts';

const at = z.iso.datetime();
const id = z.string().max(40);

export const Money = z
  .object({
    amount: z.int().meta({ description: 'Minor units, e.g. cents.' }),
    currency: z.string().meta({ description: 'ISO 4217.' }),
  })
  .meta({ id: 'Money' });

export const PaymentMethod = z
  .object({
    id: z.string(),
    person_id: z.string(),
    status: z.enum(METHOD_STATUSES),
    url: z
      .string()
      .nullable()
      .meta({ description: 'The provider’s page, while the person has not completed it.' }),
    brand: z.string().nullable(),
    last_four: z.string().nullable(),
    funding: z.string().nullable(),
    mandate: z.object({ ref: z.string(), usage: z.string() }).nullable(),
    expires_at: at.nullable(),
    reason: z.string().nullable().meta({ description: 'Why it failed.' }),
    created_at: at,
    version: z.int(),
  })
  .meta({
    id: 'PaymentMethod',
    description: 'A token at the provider with an off-session mandate. No card number.',
  });

export const NewPaymentMethod = z
  .object({
    return_url: z
      .url({ protocol: /^https?$/ })
      .max(2_000)
      .meta({ description: 'Where the provider’s page sends the person afterwards.' }),
  })
  .meta({ id: 'NewPaymentMethod' });

export const Operation = z
  .object({
    id: z.string(),
    kind: z.enum(OPERATION_KINDS),
    status: z.enum(OPERATION_STATUSES),
    amount: Money,
    generation: z.int(),
    provider_ref: z.string().nullable(),
    decline_class: z.string().nullable(),
    decline_code: z.string().nullable(),
    reason: z.string().nullable(),
    resolved_by: z.string().nullable().meta({
      description: 'How its result became known: reply, lookup, replay, event or person.',
    }),
    first_sent_at: at.nullable(),
    created_at: at,
    finished_at: at.nullable(),
  })
  .meta({ id: 'Operation' });

export const Payment = z
  .object({
    id: z.string(),
    node_id: z.string(),
    person_id: z.string(),
    device_id: z.string().nullable(),
    payment_method_id: z.string(),
    terminal_ref: z.string().nullable(),
    amount: Money,
    accepted: z.enum(['online', 'offline']),
    status: z.enum(PAYMENT_STATUSES),
    description: z.string().nullable(),
    identification_id: z.string().nullable(),
    authorised: Money,
    captured: Money,
    refunded: Money,
    operations: z.array(Operation),
    created_at: at,
    version: z.int(),
  })
  .meta({ id: 'Payment' });

export const Receivable = z
  .object({
    payment_id: z.string(),
    person_id: z.string(),
    open: Money,
    since: at,
  })
  .meta({
    id: 'Receivable',
    description: 'A payment that was accepted at the door, declined by the provider and is owed.',
  });

export const Receivables = z.object({ data: z.array(Receivable) }).meta({ id: 'Receivables' });

export const NewRefund = z
  .object({
    amount: z
      .int()
      .min(1)
      .max(AMOUNT_MINOR_MAX)
      .optional()
      .meta({ description: 'Minor units; all that is left to refund unless told.' }),
  })
  .meta({ id: 'NewRefund' });

export const Settlement = z
  .object({
    note: z.string().trim().min(1).max(200).meta({ description: 'How it was paid, e.g. cash.' }),
  })
  .meta({ id: 'Settlement' });

export const Settled = z
  .object({ payment_id: z.string(), settled: Money })
  .meta({ id: 'SettledReceivable' });

export const PersonParams = z.object({ person_id: id });
export const PaymentParams = z.object({ payment_id: id });
export const PaymentMethodParams = z.object({ payment_method_id: id });
export const PaymentFilter = z.object({
  status: z.enum(PAYMENT_STATUSES).optional(),
  person_id: id.optional(),
  device_id: id.optional(),
});
