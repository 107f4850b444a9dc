import { describe, expect, test } from '@jest/globals';
import {
  accept,
  addPayer,
  addPerson,
  ask,
  MATCH,
  read,
  type Till,
  usePaidDoor,
} from './paid-door.ts';
import { SETTINGS } from './settings.ts';

const door = usePaidDoor();

function goOffline(till: Till): void {
  till.contact.now = { reachable: false, lastOkAt: till.deps.world.clock.now() - 60_000 };
}

async function counts({ db }: Till) {
  const rows = await db.query<{
    payments: number;
    messages: number;
    evidence: number;
    refused: number;
  }>(
    `select (select count(*) from payment where org_id = $1) as payments,
       (select count(*) from outbox_msg where org_id = $1 and type = 'payments.operation') as messages,
       (select count(*) from identification where org_id = $1) as evidence,
       (select count(*) from event where org_id = $1 and type = 'payment.refused') as refused`,
    [db.org],
  );
  return rows[0];
}

describe('a decision', () => {
  test('that approves leaves evidence, payment, attempt, two operations and an event, together', async () => {
    const till = await door.open();
    const personId = await addPayer(till);
    goOffline(till);
    await till.outbox.stop(1_000);
    const answer = await ask(till, personId, 2_500, { description: 'Lunch' });
    expect(answer).toMatchObject({
      decision: 'approved',
      reason: null,
      limit: null,
      mode: 'offline',
    });
    const { payment, operations } = await read(till, answer.paymentId ?? '');
    expect(payment).toMatchObject({
      personId,
      amountMinor: 2_500,
      currency: 'EUR',
      accepted: 'offline',
      status: 'offline_accepted',
      description: 'Lunch',
    });
    expect(payment.identificationId).toMatch(/^idn_/);
    expect(operations.map(({ kind, status }) => [kind, status])).toEqual([
      ['authorise', 'queued'],
      ['capture', 'queued'],
    ]);
    expect(await counts(till)).toEqual({ payments: 1, messages: 2, evidence: 1, refused: 0 });
  });

  test('that refuses is recorded too, and reserves nothing', async () => {
    const till = await door.open();
    const answer = await ask(till, null, 1_000, {
      identification: { ...MATCH, outcome: 'no_match', personId: null },
    });
    expect(answer).toEqual({
      decision: 'refused',
      reason: 'no_match',
      limit: null,
      paymentId: null,
      mode: 'online',
    });
    expect(await counts(till)).toEqual({ payments: 0, messages: 0, evidence: 1, refused: 1 });
  });

  test('asks for consent, KYC and a payment method, in this order', async () => {
    const till = await door.open();
    const personId = await addPerson(till);
    const reason = async () => (await ask(till, personId)).reason;
    expect(await reason()).toBe('no_payment_method');
    till.kyc.status = 'review';
    expect(await reason()).toBe('kyc_not_approved');
    till.consented.now = false;
    expect(await reason()).toBe('consent_missing');
  });

  test('a payment without any currency is refused before anything is written', async () => {
    const till = await door.open({ settings: { currencyDefault: null } });
    const personId = await addPerson(till);
    expect((await ask(till, personId)).reason).toBe('currency_missing');
    expect(await counts(till)).toMatchObject({ evidence: 0 });
  });

  test('an amount that is no amount, or a currency that is none, is our caller’s mistake', async () => {
    const till = await door.open();
    const personId = await addPerson(till);
    for (const amount of [0, -1, 1.5, Number.NaN, 2 ** 60]) {
      await expect(ask(till, personId, amount)).rejects.toThrow();
    }
    await expect(ask(till, personId, 100, { currency: 'eur' })).rejects.toThrow('ISO 4217');
  });
});

describe('the same reference', () => {
  test('gets the same answer and makes no second payment, also when asked ten times at once', async () => {
    const till = await door.open();
    const personId = await addPayer(till);
    goOffline(till);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ask(till, personId, 900, { terminalRef: 'same' })),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ decision: 'approved' });
    expect(await counts(till)).toMatchObject({ payments: 1, evidence: 1 });
  });

  test('keeps a refusal as well, whatever has changed since', async () => {
    const till = await door.open();
    const personId = await addPerson(till);
    till.consented.now = false;
    const first = await ask(till, personId, 900, { terminalRef: 'kept' });
    till.consented.now = true;
    expect(await ask(till, personId, 900, { terminalRef: 'kept' })).toEqual(first);
    expect(first.reason).toBe('consent_missing');
  });

  test('with another amount is refused', async () => {
    const till = await door.open();
    const personId = await addPerson(till);
    await ask(till, personId, 900, { terminalRef: 'reused' });
    expect((await ask(till, personId, 901, { terminalRef: 'reused' })).reason).toBe(
      'reference_reused',
    );
  });

  test('at another terminal is another question', async () => {
    const till = await door.open();
    const personId = await addPayer(till);
    goOffline(till);
    const nodeId = till.org.siteId;
    const ids = await Promise.all(
      ['dev_1', 'dev_2'].map(async (id) => {
        const asked = { terminalRef: 'shared', device: { id, nodeId } };
        return (await ask(till, personId, 900, asked)).paymentId;
      }),
    );
    expect(new Set(ids).size).toBe(2);
  });
});

describe('limits', () => {
  test('offline the person’s open sum is a limit, and the refusal names it', async () => {
    const till = await door.open();
    const personId = await addPayer(till);
    goOffline(till);
    await till.outbox.stop(1_000);
    await accept(till, personId, 5_000);
    await accept(till, personId, 5_000);
    expect(await ask(till, personId, 1)).toMatchObject({
      decision: 'refused',
      reason: 'limit_exceeded',
      limit: 'offline_person_open',
    });
    expect((await counts(till))?.payments).toBe(2);
  });

  test('so are the day, the terminal and the site', async () => {
    const limits = [
      ['limitPersonDayMinor', 'offline_person_day'],
      ['limitTerminalOpenMinor', 'offline_terminal_open'],
      ['limitSiteOpenMinor', 'offline_site_open'],
    ] as const;
    for (const [setting, name] of limits) {
      const till = await door.open({
        settings: { offline: { ...SETTINGS.offline, [setting]: 1_500 } },
      });
      const personId = await addPayer(till);
      goOffline(till);
      await till.outbox.stop(1_000);
      await accept(till, personId, 1_000);
      expect((await ask(till, personId, 501)).limit).toBe(name);
      expect((await ask(till, personId, 500)).decision).toBe('approved');
    }
  });

  test('many terminals at once never pass one person’s limit together', async () => {
    const till = await door.open();
    const personId = await addPayer(till);
    goOffline(till);
    await till.outbox.stop(1_000);
    const nodeId = till.org.siteId;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        ask(till, personId, 1_000, { device: { id: `dev_${at}`, nodeId } }),
      ),
    );
    const approved = answers.filter(({ decision }) => decision === 'approved');
    expect(approved).toHaveLength(10);
    const balance = await till.ledger.balance(till.db, {
      kind: 'offline_exposure_person',
      holder: personId,
      currency: 'EUR',
    });
    expect(balance?.debitsPending).toBe(10_000);
    expect(await till.ledger.sumsToZero(till.db)).toBe(true);
  });
});
