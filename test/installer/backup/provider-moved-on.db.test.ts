// What was queued at the backup's moment and sent since: the provider has it, the restored box does not know,
// and the provider has forgotten the keys. Against the real Stripe twin, two days later.

import { expect, test } from '@jest/globals';
import { refundPayment } from '../../../server/domains/payments/change-payment.ts';
import { restore } from '../../../installer/backup/restore.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { openTestDatabase } from '../../support/database.ts';
import {
  accept,
  addPayer,
  byHand,
  chargesOf,
  read,
  type Till,
  untilStatus,
  usePaidDoor,
} from '../../domains/payments/paid-door.ts';
import { SETTINGS } from '../../domains/payments/settings.ts';
import { makeBox, makeKeyPair, takeBackup, type Taken } from './rig.ts';

const door = usePaidDoor();
const by = { actor: { kind: 'api_key', id: 'key_test' }, traceId: null };
const soonAbsent = { settings: { unknown: { ...SETTINGS.unknown, absentAfterMs: 1 } } };

const backUp = async (): Promise<Taken> =>
  takeBackup(makeBox(door.settings()), await makeKeyPair());

/** The same till at the restored database; its outbox stands still. */
async function restored(till: Till, { source }: Taken): Promise<{ till: Till; doubted: number }> {
  const database = await openTestDatabase({ migrated: false });
  door.onClose(database.close);
  const { box } = makeBox(database.settings);
  const now = new Date();
  const { doubted } = await restore({ source, box, dryRun: false, now, tell: () => undefined });
  return { till: { ...till, db: database.connect().org(till.db.org) }, doubted };
}

async function quietTill(): Promise<{ till: Till; personId: string }> {
  const till = await door.open(soonAbsent);
  const personId = await addPayer(till);
  await till.outbox.stop(1_000);
  return { till, personId };
}

async function drive(till: Till, paymentId: string): Promise<void> {
  await byHand(till, (await read(till, paymentId)).of('authorise')).run();
  await byHand(till, (await read(till, paymentId)).of('capture')).run();
}

const twoDaysLater = (till: Till) =>
  till.twin.ask('POST', '/clock', { advance_ms: 48 * 3_600_000 });

test('a payment charged after the backup is found again and charged once', async () => {
  const { till, personId } = await quietTill();
  const paymentId = await accept(till, personId);
  const taken = await backUp();
  await drive(till, paymentId);
  expect(chargesOf(till.twin, paymentId)).toHaveLength(1);
  await twoDaysLater(till);

  const after = await restored(till, taken);
  expect(after.doubted).toBeGreaterThan(0);
  const first = await byHand(
    after.till,
    (await read(after.till, paymentId)).of('authorise'),
  ).prepare();
  expect(first).toMatchObject({ kind: 'send', request: { mode: 'lookup' } });
  await drive(after.till, paymentId);
  const { payment, operations } = await read(after.till, paymentId);
  expect(payment).toMatchObject({ status: 'captured', capturedMinor: 1_234 });
  expect(operations.map(({ generation }) => generation)).toEqual([1, 1]);
  expect(chargesOf(till.twin, paymentId)).toMatchObject([{ captured: 1 }]);
  expect(await till.ledger.sumsToZero(after.till.db)).toBe(true);
});

test('without the mark of the restore the same rows would charge twice', async () => {
  const { till, personId } = await quietTill();
  const paymentId = await accept(till, personId);
  const taken = await backUp();
  await drive(till, paymentId);
  await twoDaysLater(till);
  const after = await restored(till, taken);
  await transaction(after.till.db, (tx) =>
    tx.execute(
      `update operation set key_spent = 0, first_sent_at = null, last_sent_at = null where org_id = $1`,
      [tx.org],
    ),
  );
  await drive(after.till, paymentId);
  expect(chargesOf(till.twin, paymentId)).toHaveLength(2);
});

test('a payment that was never sent is proven absent, and sent under a new key', async () => {
  const { till, personId } = await quietTill();
  const paymentId = await accept(till, personId);
  const after = await restored(till, await backUp());
  await drive(after.till, paymentId);
  const { payment, of } = await read(after.till, paymentId);
  expect(payment.status).toBe('captured');
  expect(of('authorise').generation).toBe(2);
  expect(chargesOf(till.twin, paymentId)).toMatchObject([{ captured: 1 }]);
});

test('a refund given after the backup is not given again', async () => {
  const till = await door.open(soonAbsent);
  const paymentId = await accept(till, await addPayer(till));
  await untilStatus(till, paymentId, 'captured');
  await till.outbox.stop(1_000);
  await transaction(till.db, (tx) =>
    refundPayment(till.room, tx, { paymentId, amountMinor: 500, ...by }),
  );
  const taken = await backUp();
  await byHand(till, (await read(till, paymentId)).of('refund')).run();
  await twoDaysLater(till);
  const after = await restored(till, taken);
  await byHand(after.till, (await read(after.till, paymentId)).of('refund')).run();
  expect((await read(after.till, paymentId)).payment.status).toBe('partially_refunded');
  expect(chargesOf(till.twin, paymentId)).toMatchObject([{ amount_refunded_minor: 500 }]);
});
