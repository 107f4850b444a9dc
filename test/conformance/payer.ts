// A person who may pay at a door of a running appliance, made by REST and the providers' own pages alone:
// imported with one face and its consent, agreed to pay, KYC passed, a card saved.

import type { ApiClient } from '../../installer/story/api-client.ts';
import { waitFor } from '../../installer/story/narrator.ts';
import { submitHostedPage } from '../../installer/story/twin-control.ts';
import { present } from '../../server/shared/assert.ts';
import { GOOD_CARD } from '../support/stripe-twin.ts';

export async function makePayer(
  api: ApiClient,
  { face, returnUrl }: { face: readonly number[]; returnUrl: string },
): Promise<void> {
  const personId = await importPerson(api, face);
  await api.post(`/v1/people/${personId}/consents`, { purpose: 'payment', ...agreed() });
  await passPage(api, {
    begin: `/v1/people/${personId}/kyc-sessions`,
    read: '/v1/kyc-sessions',
    fields: { outcome: 'approved' },
    until: 'approved',
  });
  await passPage(api, {
    begin: `/v1/people/${personId}/payment-methods`,
    body: { return_url: returnUrl },
    read: '/v1/payment-methods',
    fields: { card_number: GOOD_CARD, expiry: '12/40', cvc: '123', name: 'Ada Example' },
    until: 'active',
  });
  await waitFor({
    what: 'the face in the gallery',
    read: () => api.get<{ data: { size: number }[] }>('/v1/galleries'),
    until: ({ data }) => data[0]?.size === 1,
  });
}

const agreed = () => ({
  text_version: '2026-11/en',
  method: 'signature',
  given_at: new Date(Date.now() - 1_000).toISOString(),
});

async function importPerson(api: ApiClient, face: readonly number[]): Promise<string> {
  const vector = Buffer.from(new Float32Array(face).buffer).toString('base64');
  const row = {
    external_ref: 'payer',
    display_name: 'Ada Example',
    consent: { purpose: 'biometric_identification', ...agreed() },
    templates: [{ modality: 'face', extractor: 'synthetic-512/1', vector, quality: 90 }],
  };
  const report = await api.postLines<{ imported: number }>(
    '/v1/people/import',
    `${JSON.stringify(row)}\n`,
  );
  if (report.imported !== 1) throw new Error(`not imported: ${JSON.stringify(report)}`);
  const { data } = await api.get<{ data: { id: string }[] }>('/v1/people?external_ref=payer');
  return present(data[0], 'the imported person').id;
}

/** Something that a person finishes on a provider's page, and an event settles. */
async function passPage(
  api: ApiClient,
  of: {
    begin: string;
    body?: object;
    read: string;
    fields: Readonly<Record<string, string>>;
    until: string;
  },
): Promise<void> {
  const { id } = await api.post<{ id: string }>(of.begin, of.body);
  const read = () => api.get<{ status: string; url: string | null }>(`${of.read}/${id}`);
  const open = await waitFor({ what: `the page of ${id}`, read, until: ({ url }) => url !== null });
  await submitHostedPage(present(open.url, 'the page'), of.fields);
  await waitFor({ what: `${id} ${of.until}`, read, until: ({ status }) => status === of.until });
}
