// Which providers an organization is connected to, where their webhooks go, and how far their events are
// known: "caught up to T" is what can be shown after an outage.

import { z } from 'zod';
import { toRfc3339, toRfc3339OrNull } from '../../shared/instant.ts';
import { type Page, type PageRequest, toPage } from '../../shared/page.ts';
import type { Instant } from '../../shared/world.ts';
import type { OrgQueryable } from '../database/database.ts';
import { type AnyRoute, route } from '../http/route.ts';

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

interface AccountState {
  id: string;
  provider: string;
  status: string;
  createdAt: Instant;
  caughtUpTo: Instant | null;
  polledAt: Instant | null;
}

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

async function listAccountStates(db: OrgQueryable, page: PageRequest): Promise<Page<AccountState>> {
  const rows = await db.query<{
    id: string;
    provider: string;
    status: string;
    created_at: Instant;
    caught_up_to: Instant | null;
    polled_at: Instant | null;
  }>(
    `select a.id, a.provider, a.status, a.created_at, c.caught_up_to, c.polled_at
       from provider_account a
       left join provider_cursor c on c.org_id = a.org_id and c.provider_account_id = a.id
      where a.org_id = $1 and a.id > $2 order by a.id limit $3`,
    [db.org, page.after ?? '', page.limit + 1],
  );
  const states = rows.map((row) => ({
    id: row.id,
    provider: row.provider,
    status: row.status,
    createdAt: row.created_at,
    caughtUpTo: row.caught_up_to,
    polledAt: row.polled_at,
  }));
  return toPage(states, page.limit);
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
