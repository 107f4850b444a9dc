// Live settings of the way out, the way in and the providers.

import { expect } from '@jest/globals';
import { createHmac, randomUUID } from 'node:crypto';
import { until } from '../support/until.ts';
import type { LiveBox, LiveCases } from './live-box.ts';

const BREAKER_OFF = { 'outbox.breaker.failures': 1_000 };
const FAILING = { on: 'request', kind: 'status', status: 500, path: '/v1/customers', times: 1_000 };

export const EXCHANGE_CASES: LiveCases = {
  'outbox.attempts_max': async (box) => {
    await box.set({ ...BREAKER_OFF, 'outbox.attempts_max': 1 });
    await box.stage.stripe.addFault(FAILING);
    await box.startMethod(await box.newPerson());
    await until('the dead letter', () => box.rows('select 1 from outbox_dead').length === 1);
    await box.stage.stripe.clearFaults();
  },
  'outbox.backoff_base_ms outbox.backoff_cap_ms': async (box) => {
    // Full jitter: of three waits one is long, whatever chance says.
    const longestWait = async (): Promise<number> => {
      await box.stage.stripe.addFault(FAILING);
      const people = await Promise.all([box.newPerson(), box.newPerson(), box.newPerson()]);
      for (const person of people) await box.startMethod(person);
      const waits = await until('three retries', () => {
        const found = box.rows<{ wait: number }>(
          `select r.next_at - a.created_at as wait from outbox_retry r join outbox_attempt a
           on a.pos = r.pos and a.attempt = r.attempts where r.aggregate in (?, ?, ?)`,
          ...people,
        );
        return found.length === 3 ? found : null;
      });
      await box.stage.stripe.clearFaults();
      return Math.max(...waits.map(({ wait }) => wait));
    };
    await box.set({ ...BREAKER_OFF, 'outbox.backoff_base_ms': 5_000 });
    const base = await longestWait();
    expect(base).toBeGreaterThan(200); // the first wait of before
    expect(base).toBeLessThanOrEqual(5_000);
    const longer = { 'outbox.backoff_base_ms': 600_000, 'outbox.backoff_cap_ms': 600_000 };
    await box.set({ ...BREAKER_OFF, ...longer });
    expect(await longestWait()).toBeGreaterThan(5_000); // the longest of before
  },
  'outbox.breaker.failures outbox.breaker.open_ms outbox.breaker.open_ms_max': async (box) => {
    const longer = { 'outbox.breaker.open_ms': 5_000, 'outbox.breaker.open_ms_max': 5_000 };
    await untilOpen(box, await box.startMethod(await box.newPerson()));
    await until('a closed breaker', () => stripeBreaker(box)?.failures === 0);
    await box.set({ ...longer, 'outbox.breaker.failures': 1 });
    await box.stage.stripe.addFault({ ...FAILING, kind: 'lost_request', times: 1 });
    const method = await box.startMethod(await box.newPerson());
    const { failures, openMs } = await until('the open breaker', () => {
      const now = stripeBreaker(box);
      return now?.breaker === 'open' ? now : null;
    });
    expect(failures).toBe(1); // three before
    expect(openMs).toBeGreaterThan(2_000); // the longest of before
    await untilOpen(box, method);
  },
  'outbox.inflight_max': async (box) => {
    const mostAtOnce = async (): Promise<number> => {
      const delay = {
        on: 'request',
        kind: 'delay',
        delay_ms: 400,
        path: '/v1/customers',
        times: 4,
      };
      await box.stage.stripe.addFault(delay);
      const people = await Promise.all(Array.from({ length: 4 }, () => box.newPerson()));
      const since = Date.now();
      const methods = await Promise.all(people.map((person) => box.startMethod(person)));
      for (const method of methods) await untilOpen(box, method);
      await box.stage.stripe.clearFaults();
      const spans = box
        .rows<{ end: number; took: number }>(
          `select created_at as end, duration_ms as took from outbox_attempt
           where created_at >= ? and type = 'payments.method' and duration_ms >= 350`,
          since,
        )
        .map(({ end, took }) => ({ from: end - took, to: end }));
      expect(spans.length).toBe(4);
      return Math.max(
        ...spans.map(({ from }) => spans.filter((one) => one.from <= from && from < one.to).length),
      );
    };
    expect(await mostAtOnce()).toBeGreaterThan(1);
    await box.set({ 'outbox.inflight_max': 1 });
    expect(await mostAtOnce()).toBe(1);
  },
  'inbox.tolerance_ms': async (box) => {
    const old = { at: Date.now() - 60_000 };
    expect(await postStripe(box, old)).toBe(200);
    await box.set({ 'inbox.tolerance_ms': 10_000 });
    expect(await postStripe(box, old)).toBe(401);
    expect(await postStripe(box)).toBe(200);
  },
  'inbox.raw_limit_bytes': async (box) => {
    const large = { padding: 'x'.repeat(2_000) };
    expect(await postStripe(box, large)).toBe(200);
    await box.set({ 'inbox.raw_limit_bytes': 1_024 });
    expect(await postStripe(box, large)).toBe(413);
  },
  'providers.stripe.webhook_secrets': async (box) => {
    expect(await postStripe(box, { secret: 'whsec_next' })).toBe(401);
    await box.set({ 'providers.stripe.webhook_secrets': ['whsec_appliance', 'whsec_next'] });
    expect(await postStripe(box, { secret: 'whsec_next' })).toBe(200);
    expect(await postStripe(box)).toBe(200);
  },
  'providers.stripe.secret_key': async (box) => {
    const refusals = (): number =>
      box.rows(`select 1 from outbox_attempt where type = 'payments.method' and status = 401`)
        .length;
    const before = refusals();
    await box.set({ 'providers.stripe.secret_key': 'sk_test_revoked' });
    await box.startMethod(await box.newPerson());
    await until('a refusal', () => refusals() > before);
    await box.set({});
    await untilOpen(box, await box.startMethod(await box.newPerson()));
  },
  'providers.veriff.api_key': async (box) => {
    await box.set({ 'providers.veriff.api_key': 'revoked-key' });
    const failed = await startSession(box);
    await until('its failure', async () => (await sessionOf(box, failed)).transport !== 'queued');
    expect((await sessionOf(box, failed)).url).toBeNull();
    await box.set({});
    const good = await startSession(box);
    await until('its page', async () => (await sessionOf(box, good)).url);
  },
  'providers.veriff.shared_secret': async (box) => {
    const post = async (secret: string): Promise<number> => {
      const body = JSON.stringify({ id: randomUUID(), feature: 'selfid', code: 7002 });
      const signature = createHmac('sha256', secret).update(body).digest('hex');
      const headers = { 'content-type': 'application/json', 'x-hmac-signature': signature };
      return (await fetch(`${box.apiUrl}${box.ingress.veriff}`, { method: 'POST', headers, body }))
        .status;
    };
    expect(await post('veriff-next')).toBe(401);
    expect(await post('veriff-shared-secret')).not.toBe(401);
    await box.set({ 'providers.veriff.shared_secret': 'veriff-next' });
    expect(await post('veriff-next')).not.toBe(401);
    expect(await post('veriff-shared-secret')).toBe(401);
  },
  'providers.stripe.timeout_ms': async (box) => {
    const delay = {
      on: 'request',
      kind: 'delay',
      delay_ms: 2_000,
      path: '/v1/customers',
      times: 1,
    };
    await box.set({ 'providers.stripe.timeout_ms': 1_000 });
    await box.stage.stripe.addFault(delay);
    const since = Date.now();
    await box.startMethod(await box.newPerson());
    const took = await until('the end of the exchange', () => {
      const [row] = box.rows<{ took: number }>(
        `select duration_ms as took from outbox_attempt
         where created_at >= ? and type = 'payments.method' and duration_ms > 500`,
        since,
      );
      return row?.took ?? null;
    });
    expect(took).toBeLessThan(1_900); // 0.9 of the setting; 2700 before
  },
  'providers.veriff.timeout_ms': async (box) => {
    const delay = { on: 'request', kind: 'delay', delay_ms: 2_000, path: '/v1/sessions', times: 1 };
    await box.set({ 'providers.veriff.timeout_ms': 1_000 });
    await box.stage.veriff.addFault(delay);
    const since = Date.now();
    await startSession(box);
    const took = await until('the end of the exchange', () => {
      const [row] = box.rows<{ took: number }>(
        `select duration_ms as took from outbox_attempt
         where created_at >= ? and type = 'kyc.session' and duration_ms > 500`,
        since,
      );
      return row?.took ?? null;
    });
    expect(took).toBeLessThan(1_900);
  },
};

function stripeBreaker(box: LiveBox): { breaker: string; failures: number; openMs: number } | null {
  const [row] = box.rows<{ breaker: string; failures: number; openMs: number }>(
    `select breaker, failures, open_until - last_failed_at as openMs from outbox_dest where id = 'stripe'`,
  );
  return row ?? null;
}

interface Session {
  id: string;
  level: string;
  transport: string;
  url: string | null;
}

async function startSession(box: LiveBox): Promise<string> {
  const path = `/v1/people/${await box.newPerson()}/kyc-sessions`;
  return (await box.api.post<Session>(path)).id;
}

const sessionOf = (box: LiveBox, id: string): Promise<Session> =>
  box.api.get<Session>(`/v1/kyc-sessions/${id}`);

async function untilOpen(box: LiveBox, method: string): Promise<void> {
  await until(
    'the page of the method',
    async () => (await box.api.get<{ url: string | null }>(`/v1/payment-methods/${method}`)).url,
    20_000,
  );
}

async function postStripe(
  box: LiveBox,
  { at = Date.now(), secret = 'whsec_appliance', padding = '' } = {},
): Promise<number> {
  const id = `evt_${randomUUID()}`;
  const created = Math.floor(Date.now() / 1_000);
  const data = { object: { id: `prod_${id}`, object: 'product', padding } };
  const body = JSON.stringify({ id, object: 'event', type: 'product.created', created, data });
  const time = Math.floor(at / 1_000);
  const signature = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
  const response = await fetch(`${box.apiUrl}${box.ingress.stripe}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'stripe-signature': `t=${time},v1=${signature}`,
    },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}
