// Live settings of identification, KYC and payments, seen at the door.

import { expect } from '@jest/globals';
import { payAt, waitForStatus } from '../../installer/story/chapter-door.ts';
import { passKyc } from '../../installer/story/chapter-kyc.ts';
import { until } from '../support/until.ts';
import type { LiveBox, LiveCases } from './live-box.ts';

const AMOUNT_MINOR = 1_000;
const DAY_MS = 86_400_000;
const WIDE = 100_000;

export const DOOR_CASES: LiveCases = {
  'identification.false_positive_rate': async (box) => {
    const threshold = async (): Promise<number> => {
      await pay(box);
      const [row] = box.rows<{ threshold: number }>(
        'select threshold_micro as threshold from identification order by created_at desc limit 1',
      );
      return row?.threshold ?? 0;
    };
    const before = await threshold();
    await box.set({ 'identification.false_positive_rate': 0.000_001 });
    expect(await threshold()).toBeGreaterThan(before);
  },
  'identification.margin_min': async (box) => {
    await box.set({ 'identification.margin_min': 1 });
    expect(await pay(box)).toBe('refused ambiguous');
  },
  'identification.staleness_max_ms': async (box) => {
    await box.set({ 'identification.staleness_max_ms': 1_234 });
    const text = await (await box.request('/v1/galleries')).text();
    expect(text).toContain('1234');
  },
  'kyc.level kyc.approval_days': async (box) => {
    const person = { id: await box.newPerson(), name: 'Cleo Example', seed: '' };
    await box.set({ 'kyc.level': 'thorough', 'kyc.approval_days': 10 });
    await passKyc(box.stage, person);
    const { data } = await box.api.get<{ data: { level: string; valid_until: string }[] }>(
      `/v1/people/${person.id}/kyc-sessions`,
    );
    expect(data[0]?.level).toBe('thorough');
    const days = (Date.parse(data[0]?.valid_until ?? '') - Date.now()) / DAY_MS;
    expect(days).toBeGreaterThan(9);
    expect(days).toBeLessThanOrEqual(10);
    // Ana was approved for another level than is asked for now.
    expect(await pay(box)).toBe('refused kyc_not_approved');
  },
  'payments.online.limit_txn_minor payments.online.limit_person_open_minor': async (box) => {
    await box.set({ 'payments.online.limit_txn_minor': AMOUNT_MINOR - 1 });
    expect(await pay(box)).toBe('refused limit_exceeded online_txn');
    const both = ['limit_txn_minor', 'limit_person_open_minor'];
    await box.set(
      Object.fromEntries(both.map((name) => [`payments.online.${name}`, AMOUNT_MINOR])),
    );
    const delay = {
      on: 'request',
      kind: 'delay',
      delay_ms: 2_000,
      path: '/v1/payment_intents',
      times: 1,
    };
    await until('nothing open', () => openPayments(box) === 0);
    await box.stage.stripe.addFault(delay);
    const [first, second] = [await ask(box), await ask(box)];
    expect(first.told).toBe('approved online');
    expect(second.told).toBe('refused limit_exceeded online_person_open');
    await waitForStatus(box.stage, first.paymentId, 'captured');
    expect(await pay(box)).toBe('approved online');
  },
  'payments.unknown.lookup_delay_ms': async (box) => {
    await box.set({ 'payments.unknown.lookup_delay_ms': 60_000 });
    await box.stage.stripe.addFault({
      ...{ on: 'request', kind: 'lost_reply', method: 'POST', times: 1 },
      path: '/v1/payment_intents',
    });
    const { paymentId } = await ask(box);
    const wait = await until('the doubt', () => {
      const [row] = box.rows<{ wait: number }>(
        `select r.next_at - a.created_at as wait from outbox_retry r join outbox_attempt a
         on a.pos = r.pos and a.attempt = r.attempts where r.aggregate = ? and r.doubts > 0`,
        paymentId,
      );
      return row ?? null;
    });
    expect(wait.wait).toBeGreaterThan(50_000); // 100 before
  },
  [`payments.offline.enabled payments.offline.limit_txn_minor
    payments.offline.limit_person_open_minor payments.offline.limit_person_day_minor
    payments.offline.limit_terminal_open_minor payments.offline.limit_site_open_minor`]: async (
    box,
  ) => {
    const offline = (changes: Record<string, unknown>) =>
      box.set({
        ...Object.fromEntries(
          ['person_open', 'person_day', 'terminal_open', 'site_open'].map((name) => [
            `payments.offline.limit_${name}_minor`,
            changes[name] ?? WIDE,
          ]),
        ),
        'payments.offline.limit_txn_minor': changes['txn'] ?? AMOUNT_MINOR,
        'payments.offline.enabled': changes['enabled'] ?? true,
        'outbox.breaker.failures': 1,
      });
    await offline({});
    await box.stage.stripe.cutWan();
    await until('the open breaker', async () => (await pay(box)).includes('offline'));
    await offline({ enabled: false });
    expect(await pay(box)).toBe('refused offline_disabled');
    await offline({ txn: AMOUNT_MINOR - 1 });
    expect(await pay(box)).toBe('refused limit_exceeded offline_txn');
    for (const name of ['person_open', 'person_day', 'terminal_open', 'site_open']) {
      await offline({ [name]: AMOUNT_MINOR });
      expect(await pay(box)).toBe(`refused limit_exceeded offline_${name}`);
    }
    await offline({});
    expect(await pay(box)).toBe('approved offline');
    await box.stage.stripe.restoreWan();
  },
};

/** `approved offline`, `refused limit_exceeded online_txn`, … */
async function pay(box: LiveBox): Promise<string> {
  return (await ask(box)).told;
}

async function ask({ stage, ana }: LiveBox): Promise<{ told: string; paymentId: string }> {
  const { raw } = await payAt(stage, { seed: ana.seed, amountMinor: AMOUNT_MINOR });
  const words = [raw['decision'], raw['reason'], raw['limit']];
  if (raw['decision'] === 'approved') words.push(raw['mode']);
  return { told: words.filter(Boolean).join(' '), paymentId: String(raw['payment_id']) };
}

function openPayments(box: LiveBox): number {
  return box.rows(`select 1 from payment where status in ('requires_auth', 'authorised')`).length;
}
