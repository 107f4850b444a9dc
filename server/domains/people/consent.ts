// Records and withdraws consents. What a withdrawal must take with it (templates) is handed in, because
// it belongs to a domain above, and happens in the same transaction.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { AppError, notFound } from '../../shared/errors.ts';
import { toRfc3339 } from '../../shared/instant.ts';
import type { Instant } from '../../shared/world.ts';
import { type Actor, tell } from '../audit/index.ts';
import { type Consent, isGivenInFuture, type Purpose } from './person.ts';
import { lockActivePerson } from './require-person.ts';
import {
  findActiveConsent,
  findConsent,
  insertConsents,
  updateWithdrawn,
} from './store-consents.ts';

export interface NewConsent {
  personId: string;
  purpose: Purpose;
  textVersion: string;
  method: string;
  givenAt: Instant;
  actor: Actor;
  traceId?: string | null;
}

export async function recordConsent(
  deps: Pick<Deps, 'ids' | 'world'>,
  tx: Tx,
  wanted: NewConsent,
): Promise<Consent> {
  const { personId, purpose, textVersion, method, givenAt, actor, traceId = null } = wanted;
  const person = await lockActivePerson(tx, personId);
  const now = deps.world.clock.now();
  if (isGivenInFuture(givenAt, now)) throw notYetGiven(givenAt, now);
  const consent: Consent = {
    id: deps.ids.make('consent'),
    personId,
    purpose,
    textVersion,
    method,
    givenAt,
    withdrawnAt: null,
    createdAt: now,
    version: 1,
  };
  await insertConsents(tx, [consent]);
  await tell(deps, tx, {
    type: 'consent.recorded',
    subject: { kind: 'consent', id: consent.id },
    nodeId: person.nodeId,
    actor,
    data: { person_id: personId, purpose, text_version: textVersion },
    traceId,
  });
  return consent;
}

export interface Withdrawal {
  personId: string;
  consentId: string;
  actor: Actor;
  traceId: string | null;
}

/** Runs in the transaction of the withdrawal, after the consent has ended. */
export type WhenWithdrawn = (tx: Tx, withdrawal: Withdrawal) => Promise<void>;

/** Withdrawing again changes nothing and tells nothing. */
export async function withdrawConsent(
  deps: Pick<Deps, 'ids' | 'world'>,
  tx: Tx,
  { whenWithdrawn, ...withdrawal }: Withdrawal & { whenWithdrawn: WhenWithdrawn },
): Promise<Consent> {
  const { personId, consentId, actor, traceId } = withdrawal;
  const person = await lockActivePerson(tx, personId);
  const consent = await findConsent(tx, withdrawal);
  if (consent === null) throw notFound('consent', consentId);
  const at = deps.world.clock.now();
  if (!(await updateWithdrawn(tx, withdrawal, at))) return consent;
  await tell(deps, tx, {
    type: 'consent.withdrawn',
    subject: { kind: 'consent', id: consentId },
    nodeId: person.nodeId,
    actor,
    data: { person_id: personId, purpose: consent.purpose },
    traceId,
  });
  await whenWithdrawn(tx, withdrawal);
  return { ...consent, withdrawnAt: at, version: consent.version + 1 };
}

/** The consent that stands for the purpose; a refusal that says how to mend it when there is none. */
export async function activeConsent(
  db: OrgQueryable,
  personId: string,
  purpose: Purpose,
): Promise<Consent> {
  const consent = await findActiveConsent(db, { personId, purpose });
  if (consent !== null) return consent;
  throw new AppError(
    'consent_required',
    `Expected a consent of ${personId} for ${purpose} that stands, found none. ` +
      'Record one (POST /v1/people/{person_id}/consents) before anything is captured.',
    { data: { person_id: personId, purpose } },
  );
}

function notYetGiven(givenAt: Instant, now: Instant): AppError {
  const detail = `Expected an instant not after now (${toRfc3339(now)}), found ${toRfc3339(givenAt)}.`;
  return new AppError('validation_failed', `/given_at: ${detail}`, {
    fields: [{ pointer: '/given_at', code: 'in_future', detail }],
  });
}
