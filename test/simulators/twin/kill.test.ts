// Kills in the middle of traffic: whatever the twin answered is in its books, each key once.

import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { rawRequest, stripePost } from '../../support/raw-request.ts';
import { spawnTwin, type Twin } from '../../support/spawn-twin.ts';
import { until } from '../../support/until.ts';

const KILLS = 4;
const CALLERS = 8;
const FIELDS = {
  amount: '500',
  currency: 'eur',
  payment_method: 'pm_card_visa',
  capture_method: 'manual',
  confirm: 'true',
};

test('after several kills under load, answered ⊆ committed and no operation has two charges', async () => {
  const answered = new Map<string, string>();
  let twin = await spawnTwin('stripe');
  for (let round = 0; round < KILLS; round += 1) {
    const goal = answered.size + 40;
    const callers = Array.from({ length: CALLERS }, (_, caller) =>
      callUntilBroken(twin, `${round}-${caller}`, answered),
    );
    await until('some answers', () => answered.size >= goal);
    await twin.kill();
    const open = await Promise.all(callers);
    twin = await spawnTwin('stripe', { database: twin.database });
    // Each caller repeats, with its own key, the one request it got no answer to.
    await Promise.all(open.map((operation) => pay(twin, operation, answered)));
  }
  await twin.stop();

  const db = new DatabaseSync(twin.database, { readOnly: true });
  const sql = `select json_extract(i.metadata, '$.operation_id') as operation, i.id as intent,
    count(c.id) as charges from payment_intent i left join charge c on c.payment_intent = i.id group by i.id`;
  const rows = db.prepare(sql).all() as { operation: string; intent: string; charges: number }[];
  db.close();
  expect(rows.every(({ charges }) => charges === 1)).toBe(true);
  expect(new Set(rows.map(({ operation }) => operation)).size).toBe(rows.length);
  expect(new Map(rows.map(({ operation, intent }) => [operation, intent]))).toEqual(answered);
});

async function callUntilBroken(
  twin: Twin,
  caller: string,
  answered: Map<string, string>,
): Promise<string> {
  for (let call = 0; ; call += 1) {
    const operation = `op-${caller}-${call}`;
    if (!(await pay(twin, operation, answered))) return operation;
  }
}

async function pay(twin: Twin, operation: string, answered: Map<string, string>): Promise<boolean> {
  const fields = { ...FIELDS, 'metadata[operation_id]': operation };
  const ending = await rawRequest(twin.api, stripePost(operation, '/v1/payment_intents', fields));
  if (ending.kind !== 'answered' || ending.status !== 200) return false;
  const { id } = JSON.parse(ending.body) as { id: string };
  // An operation answered twice must have got the same intent both times.
  expect(answered.get(operation) ?? id).toBe(id);
  answered.set(operation, id);
  return true;
}
