// The questions that payments asks of other domains, answered by those who know. Kept out of payments, so
// that it names no neighbour it does not need; kept out of compose.ts, so that that stays a list.

import type { Biometrics, Identification } from './domains/biometrics/index.ts';
import { activeConsent, findPerson } from './domains/people/index.ts';
import type { Kyc } from './domains/kyc/index.ts';
import type { Questions } from './domains/payments/index.ts';
import type { OrgQueryable } from './platform/database/database.ts';
import type { Deps } from './platform/deps.ts';
import { providerAccountId } from './platform/inbox/index.ts';
import { tell } from './domains/audit/index.ts';
import type { DestinationHealth, TellRetried } from './platform/outbox/index.ts';
import { isAppError } from './shared/errors.ts';

export function questions(
  deps: Deps,
  of: {
    biometrics: Pick<Biometrics, 'recordIdentification'>;
    kyc: Pick<Kyc, 'statusOf'>;
    contact: (destination: string) => DestinationHealth;
  },
): Questions<Identification> {
  return {
    person: async (db, personId) => {
      const person = await findPerson(db, personId);
      if (person === null) return null;
      return { active: person.status === 'active', nodeId: person.nodeId };
    },
    consented,
    kyc: (db, personId) => of.kyc.statusOf(db, personId),
    recordIdentification: (tx, identification, where) =>
      of.biometrics.recordIdentification(tx, { identification, ...where }),
    providerAccount: (tx, provider) => providerAccountId(tx, deps, provider),
    contact: of.contact,
  };
}

/** Who sent a dead letter after all; platform knows no events. */
export function tellRetried(deps: Deps): TellRetried {
  return (tx, { letter, caller, traceId }) =>
    tell(deps, tx, {
      type: 'dead_letter.retried',
      subject: { kind: 'dead_letter', id: String(letter.pos) },
      actor: { kind: caller.kind, id: caller.credentialId },
      data: {
        message_type: letter.type,
        aggregate: letter.aggregate,
        uid: letter.uid,
        attempts: letter.attempts,
      },
      traceId,
    });
}

/** Paying by face needs both: to be recognised, and to pay that way. */
async function consented(db: OrgQueryable, personId: string): Promise<boolean> {
  try {
    await activeConsent(db, personId, 'biometric_identification');
    await activeConsent(db, personId, 'payment');
    return true;
  } catch (error) {
    if (isAppError(error, 'consent_required')) return false;
    throw error;
  }
}
