// From something that happens at the provider (a person completes its page) to our state having changed: its
// webhook, our inbox, the look-up, the transition. The person's own request to the page is part of it.

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiClient } from '../../installer/story/api-client.ts';
import { submitHostedPage } from '../../installer/story/twin-control.ts';
import { quantile } from '../../scripts/measure/quantile.ts';
import { until } from '../../scripts/chaos/wait.ts';
import type { Measure } from '../measure.ts';
import { alone, atMost } from '../result.ts';
import { startWorld } from '../subject/filled.ts';

/** At once: somebody else is always saving a card as well. */
const PEOPLE_AT_ONCE = 4;
const WAIT = { timeoutMs: 30_000, everyMs: 2 };
const CARD = { card_number: '4242424242424242', expiry: '12/34', cvc: '123', name: 'Ada Example' };

export const providerEvent: Measure = {
  name: 'provider-event',
  about: 'an event at the provider until it is applied, SQLite',
  run: async (context) => {
    const { rounds, samples } = context.size;
    const world = await startWorld(context, mkdtempSync(join(context.folder, 'world-')));
    const p99: number[] = [];
    try {
      await saveCards(world.server.client, PEOPLE_AT_ONCE);
      for (let round = 0; round < rounds; round += 1)
        p99.push(quantile(await saveCards(world.server.client, samples), 0.99));
    } finally {
      await world.stop();
    }
    return [
      alone(context, {
        measure: 'provider event to applied state, p99',
        unit: 'ms',
        aim: atMost(1_000, 'ms'),
        note: `${PEOPLE_AT_ONCE} people at once, each completing the provider's page; with the twin as the provider, ${WAIT.everyMs} ms between looks`,
        values: p99,
      }),
    ];
  },
};

async function saveCards(client: ApiClient, count: number): Promise<number[]> {
  const tookMs: number[] = [];
  let left = count;
  const person = async (): Promise<void> => {
    while ((left -= 1) >= 0) tookMs.push(await saveCard(client));
  };
  await Promise.all(Array.from({ length: PEOPLE_AT_ONCE }, person));
  return tookMs;
}

interface Method {
  id: string;
  status: string;
  url: string | null;
}

async function saveCard(client: ApiClient): Promise<number> {
  const who = await client.post<{ id: string }>('/v1/people', { display_name: 'Ada Example' });
  const path = `/v1/people/${who.id}/payment-methods`;
  const { id } = await client.post<Method>(path, { return_url: 'https://shop.example/back' });
  const page = await waitFor(client, id, ({ url }) => url !== null);
  const from = performance.now();
  await submitHostedPage(page.url ?? '', CARD);
  await waitFor(client, id, ({ status }) => status === 'active');
  return performance.now() - from;
}

async function waitFor(
  client: ApiClient,
  id: string,
  isSo: (method: Method) => boolean,
): Promise<Method> {
  let seen: Method | null = null;
  const came = await until(async () => {
    seen = await client.get<Method>(`/v1/payment-methods/${id}`);
    return isSo(seen);
  }, WAIT);
  if (!came || seen === null) throw new Error(`Waited in vain for ${id}: ${JSON.stringify(seen)}.`);
  return seen;
}
