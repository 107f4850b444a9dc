// What a decision of the vendor is worth: which of two counts, for how long, and for what level.

import { describe, expect, test } from '@jest/globals';
import { applyDecision } from '../../../server/domains/kyc/apply-decision.ts';
import { revokeSession } from '../../../server/domains/kyc/revoke-session.ts';
import { lockSession } from '../../../server/domains/kyc/store.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { present } from '../../../server/shared/assert.ts';
import { until } from '../../support/until.ts';
import {
  ACTOR,
  at,
  begin,
  choose,
  created,
  DAY_MS,
  type Desk,
  untilStatus,
  useKycDesk,
} from './kyc-desk.ts';

const { advance, open, receive } = useKycDesk();

describe('what the vendor said before', () => {
  /** As a fetched decision of one attempt, made so many seconds after the first one. */
  const said = (decision: 'approved' | 'declined' | 'review', atSeconds: number | null) => ({
    providerRef: 'ref_order',
    vendorData: null,
    decision,
    kept: { code: null, reason_code: null, attempt_id: 'att_1' },
    submittedAt: 1_000,
    decidedAt: atSeconds === null ? null : 1_000_000 + atSeconds * 1_000,
    reason: decision === 'declined' ? 'Document tampered with' : null,
    codeDisagrees: false,
  });
  const apply = (here: Desk, id: string, found: ReturnType<typeof said>) =>
    transaction(here.db, async (tx) => {
      const session = present(await lockSession(tx, id), 'the session');
      return applyDecision(here.room, tx, { session, found, traceId: null });
    });

  test('does not undo what it said last, in whatever order it arrives', async () => {
    const here = await open();
    const { id } = await created(here);
    expect(await apply(here, id, said('approved', 20))).toBe(true);
    for (const late of [said('review', 10), said('declined', 5)])
      expect(await apply(here, id, late)).toBe(false);
    expect(await at(here, id)).toMatchObject({ status: 'approved', reason: null });
    expect(await apply(here, id, said('declined', 30))).toBe(true);
    expect(await apply(here, id, said('approved', 20))).toBe(false);
    expect(await at(here, id)).toMatchObject({
      status: 'revoked',
      reason: 'Document tampered with',
      submittedAt: 1_000,
      providerDecidedAt: 1_030_000,
    });
  });

  test('without a time is believed: the vendor was asked just now', async () => {
    const here = await open();
    const { id } = await created(here);
    await apply(here, id, said('approved', 20));
    expect(await apply(here, id, said('declined', null))).toBe(true);
    expect(await at(here, id)).toMatchObject({ status: 'revoked', providerDecidedAt: 1_020_000 });
  });
});

describe('an approval', () => {
  async function approved(of: Desk) {
    const session = await created(of);
    await choose(session.url, 'approved');
    return untilStatus(of, session.id, 'approved');
  }

  test('ends by itself', async () => {
    const here = await open();
    const { validUntil } = await approved(here);
    advance(366 * DAY_MS);
    const standing = await here.kyc.statusOf(here.db, here.personId);
    expect(standing.validUntil).toBe(validUntil);
    expect(standing.validUntil).toBeLessThan(here.deps.world.clock.now());
    advance(-366 * DAY_MS);
  });

  test('that we took back stays so, whatever is fetched of the same attempt later', async () => {
    const here = await open();
    const session = await approved(here);
    await revokeSession(here.room, here.db, { id: session.id, reason: 'fraud', actor: ACTOR });
    expect((await here.kyc.statusOf(here.db, here.personId)).status).toBe('revoked');
    const lookups = async (): Promise<number> => {
      const rows = await here.db.query<{ n: number }>(
        `select count(*) as n from outbox_attempt
          where org_id = $1 and type = 'kyc.refetch' and outcome = 'done'`,
        [here.db.org],
      );
      return rows[0]?.n ?? 0;
    };
    const before = await lookups();
    // Anybody may make us look: a forged webhook is enough.
    const forged = {
      verification: { id: session.providerRef, attemptId: 'y', status: 'approved' },
    };
    await receive({ 'x-hmac-signature': '0'.repeat(64) }, Buffer.from(JSON.stringify(forged)));
    await until('the look-up', async () => (await lookups()) > before);
    expect((await at(here, session.id)).status).toBe('revoked');
    await expect(
      revokeSession(here.room, here.db, { id: session.id, reason: 'again', actor: ACTOR }),
    ).rejects.toMatchObject({ code: 'conflict' });
  });

  test('counts for the level it was given at', async () => {
    const here = await open();
    const { id } = await begin(here, 'light');
    const session = await untilStatus(here, id, 'session_created');
    await choose(session.url, 'approved');
    await untilStatus(here, id, 'approved');
    expect((await here.kyc.statusOf(here.db, here.personId)).status).toBe('not_started');
  });

  test('stands while a later session is begun and abandoned', async () => {
    const here = await open();
    await approved(here);
    const second = await created(here);
    await choose(second.url, 'abandoned');
    await untilStatus(here, second.id, 'abandoned');
    expect((await here.kyc.statusOf(here.db, here.personId)).status).toBe('approved');
  });
});
