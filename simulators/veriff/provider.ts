// The Veriff twin as one provider: API requests, the hosted page and sessions that expire by
// themselves. An error that is not Veriff's own becomes a 500 and leaves nothing behind.

import { all, atomically } from '../twin/database.ts';
import type { Provider, TwinParts } from '../twin/run-twin.ts';
import { answerApi, signedReply } from './api.ts';
import { failBody } from './errors.ts';
import { answerPage } from './hosted-page.ts';
import { type Call, expireDueSessions } from './sessions.ts';

export function createVeriff({ db, clock, webhooks, flags, log, baseUrl }: TwinParts): Provider {
  const credentials = {
    apiKey: flags.required('api-key'),
    sharedSecret: flags.required('shared-secret'),
  };
  const call = (): Call => ({ db, nowMs: clock.nowMs(), baseUrl: baseUrl(), webhooks });

  return {
    // Nothing is keyed, so nothing can be under way twice.
    claim: () => () => {},
    handle(request, failWith) {
      try {
        const reply = answerPage(request, call()) ?? answerApi(request, call(), credentials);
        if (failWith === null) return reply;
        return signedReply(failWith, failBody(failWith, 'Internal error'), credentials);
      } catch (error) {
        log('request.failed', { id: request.id, path: request.path, error: String(error) });
        return signedReply(
          500,
          failBody(500, 'An unknown error occurred in the twin'),
          credentials,
        );
      } finally {
        webhooks.wake();
      }
    },
    sweep() {
      atomically(db, () => expireDueSessions(call()));
      webhooks.wake();
    },
    counts() {
      const sql = 'select status, count(*) as n from session group by status';
      const byStatus = all<{ status: string; n: number }>(db, sql).map(({ status, n }) => [
        status,
        n,
      ]);
      const session = byStatus.reduce((sum, [, n]) => sum + Number(n), 0);
      return { session, session_by_status: Object.fromEntries(byStatus) };
    },
  };
}
