// What a twin promised survives a kill -9: answers, keys, faults, clock, the cut, webhooks to send.

import { expect, test } from '@jest/globals';
import { spawnTwin } from '../../support/spawn-twin.ts';
import { authorise, saveCard, startStripeTwin, stripeFor } from '../../support/stripe-twin.ts';
import { until } from '../../support/until.ts';
import { startWebhookReceiver } from '../../support/webhook-receiver.ts';

test('everything answered before a kill -9 is there afterwards, and nothing is done twice', async () => {
  const { twin, stripe } = await startStripeTwin();
  const card = await saveCard(stripe);
  const intent = await authorise(stripe, card);
  const key = { idempotencyKey: 'capture-1' };
  await stripe.paymentIntents.capture(intent.id, {}, key);
  await twin.kill();

  const again = await spawnTwin('stripe', {
    database: twin.database,
    'secret-key': 'sk_test_twin',
  });
  const replay = await stripeFor(again).paymentIntents.capture(intent.id, {}, key);
  expect(replay.amount_received).toBe(1234);
  expect(replay.lastResponse.headers['idempotent-replayed']).toBe('true');
  expect(await again.ask('GET', '/state')).toMatchObject({ counts: { charge: 1 } });
  await again.stop();
});

test('faults, clock and the cut line are as they were', async () => {
  const { twin } = await startStripeTwin();
  await twin.ask('POST', '/faults', { id: 'f1', on: 'request', kind: 'reset', times: 3 });
  await twin.ask('POST', '/clock', { advance_ms: 86_400_000 });
  await twin.ask('POST', '/wan', { state: 'cut', mode: 'hang' });
  await twin.kill();
  const again = await spawnTwin('stripe', { database: twin.database });
  expect(await again.ask('GET', '/state')).toMatchObject({
    wan: { state: 'cut', mode: 'hang' },
    clock: { offset_ms: 86_400_000 },
    faults: [{ id: 'f1', times_left: 3 }],
  });
  await again.stop();
});

test('a webhook that could not be sent before the kill is sent after the restart', async () => {
  const hook = await startWebhookReceiver();
  const { twin, stripe } = await startStripeTwin({
    'webhook-url': hook.url,
    'webhook-secret': 'whsec_r',
  });
  await twin.ask('POST', '/faults', { on: 'webhook', kind: 'delay', delay_ms: 3_600_000 });
  const { id } = await stripe.customers.create({});
  await until('the delay', () => twin.log().includes('"kind":"delay"'));
  await twin.kill();
  const again = await spawnTwin('stripe', { database: twin.database });
  await again.ask('POST', '/clock', { advance_ms: 3_600_000 });
  await until('the webhook', () => hook.received.some(({ body }) => body.includes(id)));
  await again.stop();
  await hook.stop();
});

test('each commit is on disk before it is answered: WAL with synchronous FULL, on the live connection', async () => {
  const { twin } = await startStripeTwin();
  expect(await twin.ask('GET', '/state')).toMatchObject({
    durability: { journal_mode: 'wal', synchronous: 2 },
  });
  await twin.stop();
});
