// Idempotency-Key: an answered request is answered again from its record; a new one gets a database
// whose transaction also keeps the answer.

import { AppError } from '../../../shared/errors.ts';
import { answerOf } from '../answer.ts';
import {
  type Answer,
  fingerprintOf,
  type IdempotentRequest,
  parseKey,
  replayOf,
  TwinFound,
  wrapDatabase,
} from '../idempotency.ts';
import { entryOf, type HttpContext, type HttpKit, type Step } from '../step.ts';
import { sendAnswer } from './run.ts';

export function idempotency({ settings, deps: { world } }: HttpKit): Step {
  return {
    name: 'idempotency',
    run: async (context, next) => {
      const request = requestOf(context);
      const { db } = context.state;
      if (request === null || db === null) return next();
      const earlier = await replayOf(db, request, world.clock);
      if (earlier !== null) return replay(context, earlier);
      const entry = entryOf(context);
      const wrapped = wrapDatabase(db, request, {
        clock: world.clock,
        days: settings.idempotencyDays,
        answerOf: (result) => answerOf(entry, context.state, { settings, result }),
      });
      context.state.db = wrapped.db;
      context.state.outcome = wrapped.outcome;
      try {
        await next();
      } catch (error) {
        if (!(error instanceof TwinFound)) throw error;
        replay(context, error.answer);
      }
    },
  };
}

function requestOf(context: HttpContext): IdempotentRequest | null {
  const { route } = entryOf(context);
  const { caller, bytes } = context.state;
  if (route.idempotency === 'none' || caller === null) return null;
  const header = context.get('idempotency-key');
  if (header !== '') {
    return {
      principalId: caller.principalId,
      key: parseKey(header),
      fingerprint: fingerprintOf(context.method, context.path, bytes),
    };
  }
  if (route.idempotency === 'accepted') return null;
  throw new AppError(
    'idempotency_key_missing',
    'Expected an Idempotency-Key (any unique text, e.g. a UUID, the same on every retry), found none.',
  );
}

function replay(context: HttpContext, answer: Answer): void {
  context.set('Idempotent-Replayed', 'true');
  sendAnswer(context, answer);
}
