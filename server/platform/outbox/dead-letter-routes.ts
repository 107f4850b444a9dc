// Dead letters by REST: what gave up and why, and the way back. Who wanted it is told by a function handed
// in, in the same transaction.

import { z } from 'zod';
import { notFound } from '../../shared/errors.ts';
import { toRfc3339 } from '../../shared/instant.ts';
import { toPage } from '../../shared/page.ts';
import { transaction, type Tx } from '../database/database.ts';
import type { Deps } from '../deps.ts';
import { type AnyRoute, type Caller, route } from '../http/route.ts';
import { listDeadLetters, replayDeadLetter } from './dead-letters.ts';
import type { DeadLetter } from './store-messages.ts';

export type TellRetried = (
  tx: Tx,
  retried: { letter: DeadLetter; caller: Caller; traceId: string },
) => Promise<unknown>;

export const DeadLetterAnswer = z
  .object({
    id: z.string(),
    type: z.string().describe('What was to be done, e.g. payments.operation'),
    aggregate: z.string().describe('What it belongs to, e.g. the payment'),
    uid: z.string().describe('The effect itself, e.g. the operation; the same on every try'),
    attempts: z.int(),
    reason: z.string().describe('Why it gave up'),
    created_at: z.string(),
    died_at: z.string(),
  })
  .meta({ id: 'DeadLetter' });

const Params = z.object({ dead_letter_id: z.string().max(20) });

export function deadLetterRoutes(deps: Deps, tellRetried: TellRetried): readonly AnyRoute[] {
  return [
    route({
      operationId: 'listDeadLetters',
      method: 'GET',
      path: '/v1/dead-letters',
      summary: 'Messages to providers that gave up, with the reason; oldest first',
      tag: 'Outbox',
      action: 'outbox.read',
      resource: 'none',
      idempotency: 'none',
      pagination: 'cursor',
      answer: DeadLetterAnswer,
      status: 200,
      run: async ({ db, page }) => {
        const wanted = { afterPos: Number(page.after ?? 0), limit: page.limit + 1 };
        return toPage(await listDeadLetters(db, wanted), page.limit);
      },
      present: ({ data }) => data.map(presentDeadLetter),
    }),
    route({
      operationId: 'retryDeadLetter',
      method: 'POST',
      path: '/v1/dead-letters/:dead_letter_id/retry',
      summary: 'Send it after all, under the same key',
      description:
        'It takes its old place and is tried anew. An offline payment that was too old to be forwarded ' +
        'by itself is sent: asking for it is the decision that was waited for.',
      tag: 'Outbox',
      action: 'outbox.replay',
      resource: 'none',
      idempotency: 'accepted',
      params: Params,
      answer: DeadLetterAnswer,
      problems: ['not_found'],
      status: 202,
      run: ({ db, params, caller, traceId }) =>
        transaction(db, async (tx) => {
          const letter = await replayDeadLetter(deps, tx, positionOf(params.dead_letter_id));
          await tellRetried(tx, { letter, caller, traceId });
          return letter;
        }),
      present: presentDeadLetter,
    }),
  ];
}

function positionOf(id: string): number {
  const pos = /^[1-9][0-9]{0,15}$/.test(id) ? Number(id) : Number.NaN;
  if (!Number.isSafeInteger(pos)) throw notFound('dead letter', id);
  return pos;
}

function presentDeadLetter(letter: DeadLetter): object {
  const { pos, type, aggregate, uid, attempts, reason, createdAt, diedAt } = letter;
  const times = { created_at: toRfc3339(createdAt), died_at: toRfc3339(diedAt) };
  return { id: String(pos), type, aggregate, uid, attempts, reason, ...times };
}
