// Where providers deliver their webhooks: public, because the signature is the credential.

import { z } from 'zod';
import type { Clock } from '../../shared/world.ts';
import { type AnyRoute, route } from '../http/route.ts';
import type { Received } from './receive.ts';
import type { RawWebhook } from './source.ts';

export const ReceivedAnswer = z
  .object({
    received: z.literal(true),
    stored: z.int().describe('Events that were not known before'),
    duplicate: z.int().describe('Events that were known, by an earlier delivery or a poll'),
  })
  .meta({ id: 'Received' });

export function inboxRoutes(
  receive: (accountId: string, raw: RawWebhook, receivedAt: number) => Promise<Received>,
  clock: Clock,
): readonly AnyRoute[] {
  return [
    route({
      operationId: 'receiveProviderEvents',
      method: 'POST',
      path: '/v1/ingress/:provider_account_id',
      summary: 'Where a provider delivers its webhooks',
      description:
        'The body is verified on its raw bytes by the scheme of the provider, stored, and only then ' +
        'acknowledged. An event is a hint: the object it names is fetched before anything changes.',
      tag: 'Providers',
      action: 'public',
      resource: 'none',
      idempotency: 'none',
      payload: 'raw',
      params: z.object({ provider_account_id: z.string().max(64) }),
      answer: ReceivedAnswer,
      problems: ['signature_invalid', 'not_found'],
      status: 200,
      run: async ({ params, raw }) => {
        const receivedAt = clock.now(); // before the body, which may come slowly
        const body = await raw.bytes();
        return receive(params.provider_account_id, { headers: raw.headers, body }, receivedAt);
      },
      present: ({ stored, duplicate }) => ({ received: true, stored, duplicate }),
    }),
  ];
}
