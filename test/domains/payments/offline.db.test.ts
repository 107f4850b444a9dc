import { describe, expect, test } from '@jest/globals';
import { settleReceivable } from '../../../server/domains/payments/receivables.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { listDeadLetters, replayDeadLetter } from '../../../server/platform/outbox/index.ts';
import { until } from '../../support/until.ts';
import {
  accept,
  addPayer,
  ask,
  chargesOf,
  eventTypes,
  read,
  untilStatus,
  usePaidDoor,
} from './paid-door.ts';
import { SETTINGS } from './settings.ts';

const door = usePaidDoor();

describe('the line is cut', () => {
  test('payments are accepted offline and settle once each when it returns; a declined one is owed', async () => {
    const till = await door.open();
    const good = await addPayer(till);
    const bad = await addPayer(till, '4000000000000341');
    await till.twin.ask('POST', '/wan', { state: 'cut', mode: 'both' });
    till.contact.now = { reachable: false, lastOkAt: till.deps.world.clock.now() };
    const paid = [await accept(till, good, 1_500), await accept(till, good, 2_500)];
    const owed = await accept(till, bad, 3_500);
    expect((await ask(till, good, 5_001)).limit).toBe('offline_txn');
    await until('some attempts in vain', async () => {
      const [row] = await till.db.query<{ n: number }>(
        'select count(*) as n from outbox_attempt where org_id = $1',
        [till.db.org],
      );
      return (row?.n ?? 0) > 12;
    });
    for (const id of paid) expect(chargesOf(till.twin, id)).toEqual([]);

    await till.twin.ask('POST', '/wan', { state: 'up' });
    for (const id of paid) {
      await untilStatus(till, id, 'captured');
      expect(chargesOf(till.twin, id)).toMatchObject([{ status: 'succeeded', captured: 1 }]);
    }
    await untilStatus(till, owed, 'declined');
    expect(await till.payments.receivablesOf(till.db, bad)).toMatchObject([{ openMinor: 3_500 }]);
    expect(await till.ledger.sumsToZero(till.db)).toBe(true);

    // Blocked offline until it is settled; online the person may pay.
    expect((await ask(till, bad, 100)).reason).toBe('person_owes');
    const settle = () =>
      transaction(till.db, (tx) =>
        settleReceivable(till.room, tx, {
          paymentId: owed,
          note: 'cash',
          actor: { kind: 'api_key', id: 'key_test' },
          traceId: null,
        }),
      );
    expect(await settle()).toMatchObject({ settledMinor: 3_500 });
    await expect(settle()).rejects.toMatchObject({ code: 'conflict' });
    expect(await till.payments.receivablesOf(till.db, bad)).toEqual([]);
    expect((await ask(till, bad, 100)).decision).toBe('approved');
    expect(await till.ledger.sumsToZero(till.db)).toBe(true);
  });

  test('a payment that is too old is not sent by itself: a person decides', async () => {
    const till = await door.open({
      settings: { offline: { ...SETTINGS.offline, forwardMaxAgeMs: 0 } },
    });
    const personId = await addPayer(till);
    till.contact.now = { reachable: false, lastOkAt: till.deps.world.clock.now() };
    const paymentId = await accept(till, personId);
    await until('the dead letter', async () => {
      const dead = await till.db.query<{ reason: string }>(
        'select reason from outbox_dead where org_id = $1',
        [till.db.org],
      );
      return dead.some(({ reason }) => reason.includes('forward_max_age_ms'));
    });
    const { payment, of } = await read(till, paymentId);
    expect(payment.status).toBe('offline_accepted');
    expect(of('authorise')).toMatchObject({ status: 'queued', firstSentAt: null });
    expect(chargesOf(till.twin, paymentId)).toEqual([]);
    expect(await eventTypes(till, paymentId)).toContain('payment.forward_expired');

    // The decision: it goes out once, under its own key, and is not refused again.
    const [letter] = await listDeadLetters(till.db, { afterPos: 0, limit: 2 });
    await transaction(till.db, (tx) => replayDeadLetter(till.deps, tx, letter?.pos ?? 0));
    await untilStatus(till, paymentId, 'captured');
    expect(chargesOf(till.twin, paymentId)).toMatchObject([{ status: 'succeeded', captured: 1 }]);
    expect(await listDeadLetters(till.db, { afterPos: 0, limit: 2 })).toEqual([]);
  });
});
