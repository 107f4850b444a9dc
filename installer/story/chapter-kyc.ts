// Chapter 3: KYC. The session is created at the provider through the outbox, the person goes through
// the provider's page, the signed webhook arrives, the decision is fetched and applied.

import type { Person, Stage } from './cast.ts';
import { waitFor } from './narrator.ts';
import { submitHostedPage } from './twin-control.ts';

interface KycSession {
  id: string;
  status: string;
  url: string | null;
  valid_until: string | null;
}

export async function passKyc({ api, narrator }: Stage, person: Person): Promise<void> {
  narrator.chapter(`KYC of ${person.name}`);
  const created = await narrator.step('A KYC session is asked for', () =>
    api.post<KycSession>(`/v1/people/${person.id}/kyc-sessions`),
  );
  const read = (): Promise<KycSession> => api.get(`/v1/kyc-sessions/${created.id}`);
  const open = await narrator.step(
    'The outbox creates it at Veriff',
    () => waitFor({ what: 'the session’s page', read, until: (session) => session.url !== null }),
    (session) => session.status,
  );
  await narrator.step('The person completes the provider’s page', () =>
    submitHostedPage(open.url ?? '', { outcome: 'approved' }),
  );
  await narrator.step(
    'The signed webhook arrives, the decision is fetched and applied',
    () =>
      waitFor({ what: 'the decision', read, until: (session) => session.status === 'approved' }),
    (session) => `${session.status}, valid until ${session.valid_until ?? '?'}`,
  );
}
