// Idempotency-Key: a request gets a database whose transaction begins by claiming the key and also keeps the
// answer; one that was answered is answered again from that record. The record is not looked up beforehand:
// nearly every request is the first of its key, and the claim finds the others.

import { AppError, isAppError } from '../../../shared/errors.ts';
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
        // Its own transaction is committed: what fails after it is no twin's business.
        if (wrapped.outcome() !== null) throw error;
        replay(context, await earlierAnswer(error, () => replayOf(db, request, world.clock)));
      }
    },
  };
}

/**
 * What a twin was answered, or else the error is thrown that was caught. What fails before it claims the key
 * (the resource is gone by now, a key is sealed) must not fail where its twin succeeded.
 */
async function earlierAnswer(
  error: unknown,
  stored: () => Promise<Answer | null>,
): Promise<Answer> {
  if (error instanceof TwinFound) return error.answer;
  try {
    const answer = await stored();
    if (answer !== null) return answer;
  } catch (thrown) {
    if (isAppError(thrown)) throw thrown;
  }
  throw error;
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
