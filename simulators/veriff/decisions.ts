// Verdicts: their published codes and reasons, and the decision object of webhooks and of the API.

import type { AttemptRow, SessionRow } from './rows.ts';

type Verdict = { code: number; reason: string | null; reasonCode: number | null };

export const OUTCOMES = {
  approved: { code: 9001, reason: null, reasonCode: null },
  declined: { code: 9102, reason: 'Suspected document tampering', reasonCode: 102 },
  resubmission_requested: { code: 9103, reason: 'Video and/or photos missing', reasonCode: 201 },
  review: { code: 9121, reason: null, reasonCode: null },
  expired: { code: 9104, reason: null, reasonCode: null },
  abandoned: { code: 9104, reason: null, reasonCode: null },
} satisfies Record<string, Verdict>;

export type Outcome = keyof typeof OUTCOMES;

export const isOutcome = (text: string): text is Outcome => Object.hasOwn(OUTCOMES, text);

export function decisionOf(session: SessionRow, attempt: AttemptRow): Record<string, unknown> {
  const person = JSON.parse(session.person) as Record<string, unknown>;
  const document = JSON.parse(session.document) as Record<string, unknown>;
  return {
    id: session.id,
    attemptId: attempt.id,
    code: attempt.code,
    status: attempt.status,
    person: {
      firstName: null,
      lastName: null,
      dateOfBirth: null,
      gender: null,
      nationality: null,
      idNumber: null,
      citizenship: null,
      yearOfBirth: null,
      placeOfBirth: null,
      pepSanctionMatch: null,
      addresses: [],
      ...person,
    },
    document: {
      type: null,
      number: null,
      country: null,
      state: null,
      validFrom: null,
      validUntil: null,
      remarks: null,
      ...document,
    },
    reason: attempt.reason,
    reasonCode: attempt.reason_code,
    comments: [],
    additionalVerifiedData: {},
    acceptanceTime: iso(attempt.created_ms),
    submissionTime: iso(attempt.submitted_ms),
    decisionTime: iso(attempt.decided_ms),
    vendorData: session.vendor_data,
    endUserId: session.end_user_id,
    riskScore: null,
    riskLabels: [],
  };
}

export const iso = (ms: number | null): string | null =>
  ms === null ? null : new Date(ms).toISOString();
