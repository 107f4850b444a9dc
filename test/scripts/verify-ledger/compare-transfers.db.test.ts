// What only late news brings about: the books as the product writes them are explained to the last
// transfer, and one that is taken away is missed.

import { describe, expect, test } from '@jest/globals';
import { readAppliance } from '../../../scripts/verify-ledger/appliance-rows.ts';
import { compareTransfers } from '../../../scripts/verify-ledger/compare-transfers.ts';
import { applyOutcome } from '../../../server/domains/payments/apply-outcome.ts';
import type { Outcome } from '../../../server/domains/payments/outcome.ts';
import { settleReceivable } from '../../../server/domains/payments/receivables.ts';
import { findOperation } from '../../../server/domains/payments/store-operations.ts';
import { lockPayment } from '../../../server/domains/payments/store-payments.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { present } from '../../../server/shared/assert.ts';
import {
  accept,
  addPayer,
  read,
  type Till,
  usePaidDoor,
} from '../../domains/payments/paid-door.ts';
import { databaseOf } from './planted-books.ts';

const door = usePaidDoor();
const by = { actor: { kind: 'provider', id: 'stripe' }, traceId: null };
const DECLINED: Outcome = { kind: 'declined', class: 'soft', code: 'generic_decline' };
const SUCCESS: Outcome = { kind: 'succeeded', providerRef: 'pi_late', amountMinor: 1_234 };

/** Hands news of the authorisation to the transition function; the outbox stands still. */
function tellNews(till: Till, operationId: string, outcome: Outcome) {
  return transaction(till.db, async (tx) => {
    const found = present(await findOperation(tx, operationId), 'the operation');
    const payment = present(await lockPayment(tx, found.paymentId), 'the payment');
    const news = { payment, operation: found, outcome, resolvedBy: 'event' as const };
    return applyOutcome(till.room, tx, { ...news, ...by });
  });
}

/** A payment whose authorisation was refused, and is then told otherwise. */
async function lateSuccess(isSettled: boolean): Promise<{ till: Till; paymentId: string }> {
  const till = await door.open();
  const personId = await addPayer(till);
  await till.outbox.stop(1_000);
  const paymentId = await accept(till, personId, 1_234);
  const { id } = (await read(till, paymentId)).of('authorise');
  await till.db.begin((tx) =>
    tx.execute(`update operation set status = 'unknown' where org_id = $1 and id = $2`, [
      tx.org,
      id,
    ]),
  );
  await tellNews(till, id, DECLINED);
  if (isSettled) {
    await transaction(till.db, (tx) =>
      settleReceivable(till.room, tx, { paymentId, note: 'cash', ...by }),
    );
  }
  await tellNews(till, id, SUCCESS);
  return { till, paymentId };
}

async function differences(
  till: Till,
  without: (transfer: { payment_id: string | null; code: string }) => boolean = () => false,
): Promise<string> {
  const side = await readAppliance(databaseOf(door.settings(), till.org.orgId));
  const ofTill = new Set(
    (
      await till.db.query<{ id: string }>('select id from payment where org_id = $1', [till.db.org])
    ).map(({ id }) => id),
  );
  const isOurs = (id: string | null): boolean => id !== null && ofTill.has(id);
  const found = compareTransfers({
    ...side,
    payments: side.payments.filter(({ id }) => isOurs(id)),
    transfers: side.transfers.filter((each) => isOurs(each.payment_id) && !without(each)),
  });
  return found.map(({ kind, ours, theirs }) => `${kind}: ${ours} ≠ ${theirs}`).join('\n');
}

describe('a success that comes after the decline', () => {
  test('turns the debt round, and the turning is missed when it is gone', async () => {
    const { till } = await lateSuccess(false);
    expect(await differences(till)).toBe('');
    const missed = await differences(till, ({ code }) => code === 'receivable_reversed');
    expect(missed).toMatch(/transfer receivable_reversed of opr_\w+: nothing ≠ single 1234 EUR/);
  });

  test('of a debt that was settled turns nothing round, and the debt is missed when it is gone', async () => {
    const { till, paymentId } = await lateSuccess(true);
    expect(await differences(till)).toBe('');
    expect((await read(till, paymentId)).of('void').status).toBe('queued');
    const missed = await differences(till, ({ code }) => code === 'receivable');
    expect(missed).toMatch(/transfer receivable of opr_\w+: nothing ≠ single 1234 EUR/);
  });
});
