// What frames of terminals mean: a question of the kind `payment` becomes an identification and a
// decision; the result of an `enrol` command becomes templates. `devices` knows neither.

import { z } from 'zod';
import { can, findAncestor } from './domains/access/index.ts';
import type { Biometrics, Identification } from './domains/biometrics/index.ts';
import type { CommandResult, Decision, DecisionAnswer } from './domains/devices/index.ts';
import type { Decision as Decided, Payments } from './domains/payments/index.ts';
import { fieldProblems } from './platform/http/field-problems.ts';
import { secretPaths } from './platform/http/secret-marks.ts';
import { AppError } from './shared/errors.ts';

const Probe = z.strictObject({
  modality: z.enum(['face']),
  extractor: z.string().max(64),
  vector: z.string().max(65_536).meta({ secret: true }),
  quality: z.int().min(0).max(100),
});

const PaymentQuestion = z.strictObject({
  amount: z.strictObject({
    amount: z.int().min(1),
    currency: z.string().regex(/^[A-Z]{3}$/),
  }),
  probe: Probe,
  description: z.string().max(200).optional(),
});

const EnrolParams = z.object({ person_id: z.string().max(40) });
const EnrolResult = z.strictObject({ captures: z.array(Probe).min(1).max(10) });

/** What terminals send in frames; their marks count for the log as those of routes do. */
export const DOOR_SHAPES = [PaymentQuestion, EnrolResult];

export function answerPayment(of: {
  biometrics: Pick<Biometrics, 'identify'>;
  payments: Payments<Identification>;
}): Decision {
  return {
    decide: async ({ device, caller, db, traceId, signal, deadlineAt }, { id, p }) => {
      const { amount, probe, description } = read(PaymentQuestion, p);
      if (!(await can(db, caller, 'payment.decide', device.nodeId))) {
        throw new AppError('forbidden', 'This device may not ask for payments.');
      }
      const identification = await of.biometrics.identify({ orgId: db.org, ...probe }, signal);
      // Past its deadline nobody waits for the answer, and nothing may be reserved for it.
      if (signal.aborted)
        throw new AppError('deadline_passed', 'The deadline passed in the search.');
      const decision = await of.payments.decide(db, {
        device,
        siteNodeId: (await findAncestor(db, device.nodeId, 'site'))?.id ?? null,
        identification,
        amountMinor: amount.amount,
        currency: amount.currency,
        terminalRef: id,
        description: description ?? null,
        deadlineAt,
        traceId,
      });
      return answerOf(decision);
    },
    giveUp: async ({ device, db, traceId }, { id, p }) => {
      const { amount } = read(PaymentQuestion, p);
      const standing = await of.payments.giveUp(db, {
        device,
        amountMinor: amount.amount,
        currency: amount.currency,
        terminalRef: id,
        traceId,
      });
      return standing === null ? EXPIRED : answerOf(standing);
    },
  };
}

const EXPIRED: DecisionAnswer = { decision: 'expired', reason: null };

function answerOf({ decision, reason, mode, paymentId, limit }: Decided): DecisionAnswer {
  if (decision === 'expired') return EXPIRED;
  return {
    decision,
    reason,
    mode,
    ...(paymentId === null ? {} : { payment_id: paymentId }),
    ...(limit === null ? {} : { limit }),
  };
}

export function storeEnrolment(
  biometrics: Pick<Biometrics, 'prepareOrg' | 'enrolFromDevice'>,
): CommandResult {
  return {
    prepare: ({ db }) => biometrics.prepareOrg(db.org),
    store: async (tx, { device }, { params, result }) => {
      const { person_id: personId } = read(EnrolParams, params);
      const { captures } = read(EnrolResult, result);
      const templates: unknown[] = [];
      for (const capture of captures) {
        templates.push(
          await biometrics.enrolFromDevice(tx, { ...capture, personId, deviceId: device.id }),
        );
      }
      return { templates };
    },
  };
}

function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = fieldProblems(parsed.error.issues, {
    prefix: '/p',
    secrets: secretPaths(schema),
    input: value,
  });
  throw new AppError('validation_failed', `${fields[0]?.pointer}: ${fields[0]?.detail}`, {
    fields,
  });
}
