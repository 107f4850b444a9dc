import { describe, expect, test } from '@jest/globals';
import type { Route } from '../../../server/platform/http/route.ts';
import { inboxRoutes } from '../../../server/platform/inbox/routes.ts';
import { createTestWorld } from '../../support/world.ts';

describe('the address that providers deliver to', () => {
  test('takes raw bytes without a credential, and the time before a slow body came', async () => {
    const world = createTestWorld();
    const startedAt = world.clock.now();
    const seen: unknown[] = [];
    const [row] = inboxRoutes(async (accountId, raw, receivedAt) => {
      seen.push([accountId, raw.body.toString('utf8'), raw.headers, receivedAt]);
      return { stored: 1, duplicate: 0 };
    }, world.clock);
    const ingress = row as unknown as Route;
    expect(ingress).toMatchObject({
      method: 'POST',
      path: '/v1/ingress/:provider_account_id',
      action: 'public',
      payload: 'raw',
      status: 200,
    });
    const result = await ingress.run({
      params: { provider_account_id: 'pac_1' },
      raw: {
        headers: { 'acme-signature': 's' },
        bytes: async () => {
          world.clock.advance(400_000);
          return Buffer.from('{}');
        },
      },
    } as unknown as Parameters<Route['run']>[0]);
    expect(seen).toEqual([['pac_1', '{}', { 'acme-signature': 's' }, startedAt]]);
    expect(ingress.present(result)).toEqual({ received: true, stored: 1, duplicate: 0 });
  });
});
