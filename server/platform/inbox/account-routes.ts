// Which providers an organization is connected to, where their webhooks go, and how far their events are
// known: "caught up to T" is what can be shown after an outage.

import { z } from 'zod';
import { toRfc3339, toRfc3339OrNull } from '../../shared/instant.ts';
import { type AnyRoute, route } from '../http/route.ts';
import { type AccountState, listAccountStates } from './store-accounts.ts';

export const ProviderAccountAnswer = z
  .object({
    id: z.string(),
    provider: z.string(),
    status: z.string(),
    webhook_path: z.string().describe('Where this provider delivers, below the public URL'),
    caught_up_to: z
      .string()
      .nullable()
      .describe('Every event before this moment is known; null until the first poll has finished'),
    polled_at: z.string().nullable(),
    created_at: z.string(),
  })
  .meta({ id: 'ProviderAccount' });

export function accountRoutes(): readonly AnyRoute[] {
  return [
    route({
      operationId: 'listProviderAccounts',
      method: 'GET',
      path: '/v1/provider-accounts',
      summary: 'The providers this organization is connected to',
      tag: 'Providers',
      action: 'provider_account.read',
      resource: 'none',
      idempotency: 'none',
      pagination: 'cursor',
      answer: ProviderAccountAnswer,
      status: 200,
      run: ({ db, page }) => listAccountStates(db, page),
      present: ({ data }) => data.map(presentAccount),
    }),
  ];
}

function presentAccount(account: AccountState): object {
  return {
    id: account.id,
    provider: account.provider,
    status: account.status,
    webhook_path: `/v1/ingress/${account.id}`,
    caught_up_to: toRfc3339OrNull(account.caughtUpTo),
    polled_at: toRfc3339OrNull(account.polledAt),
    created_at: toRfc3339(account.createdAt),
  };
}
