// Random histories of the ledger against a model that knows only sums. `TEST_SEED` repeats a run.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createLedger, type Entry } from '../../../server/domains/ledger/index.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { isAppError } from '../../../server/shared/errors.ts';
import { useTestDatabase } from '../../support/database.ts';

const place = useTestDatabase();
const LIMIT = 500;
const HOLDERS = ['a', 'b', 'c'];

type Step =
  | { do: 'reserve'; holders: string[]; amount: number; kind: 'pending' | 'single' }
  | { do: 'post' | 'void'; which: number; part: number };

const amount = fc.integer({ min: 1, max: 300 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('reserve' as const),
    holders: fc.uniqueArray(fc.constantFrom(...HOLDERS), { minLength: 1, maxLength: 3 }),
    amount,
    kind: fc.constantFrom('pending' as const, 'single' as const),
  }),
  fc.record({
    do: fc.constantFrom('post' as const, 'void' as const),
    which: fc.nat({ max: 30 }),
    part: fc.integer({ min: 1, max: 400 }),
  }),
);

interface Model {
  posted: Map<string, number>;
  pending: Map<string, { holder: string; amount: number; ended: string | null }>;
}

function heldInModel(model: Model, holder: string): number {
  let sum = model.posted.get(holder) ?? 0;
  for (const each of model.pending.values()) {
    if (each.holder === holder && each.ended === null) sum += each.amount;
  }
  return sum;
}

const entry = (holder: string, of: Extract<Step, { do: 'reserve' }>): Entry => ({
  kind: of.kind,
  debit: { kind: 'offline_exposure_site', holder },
  credit: { kind: 'exposure_control', holder },
  amountMinor: of.amount,
  currency: 'EUR',
  code: 'exposure',
  paymentId: null,
  operationId: null,
  limit: { name: holder, maxMinor: LIMIT },
});

test('any history agrees with the model in every balance, and the books sum to zero', async () => {
  const ledger = createLedger(place.deps());
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const { orgId } = await place.seedOrganization();
      const db = place.databases().org(orgId);
      const model: Model = { posted: new Map(), pending: new Map() };
      for (const each of steps) {
        if (each.do === 'reserve') {
          const answer = await transaction(db, (tx) =>
            ledger.write(
              tx,
              each.holders.map((holder) => entry(holder, each)),
            ),
          );
          const broken = each.holders.find(
            (holder) => heldInModel(model, holder) + each.amount > LIMIT,
          );
          expect(answer.ok).toBe(broken === undefined);
          if (!answer.ok) {
            expect(answer.limit).toBe(broken);
            continue;
          }
          for (const [at, holder] of each.holders.entries()) {
            if (each.kind === 'single') {
              model.posted.set(holder, (model.posted.get(holder) ?? 0) + each.amount);
            } else {
              const id = answer.transferIds[at] ?? '';
              model.pending.set(id, { holder, amount: each.amount, ended: null });
            }
          }
          continue;
        }
        const target = [...model.pending][each.which];
        if (target === undefined) continue;
        const [id, known] = target;
        const posted = each.do === 'post' ? each.part : 0;
        const ending = `${each.do} ${each.do === 'post' ? each.part : known.amount}`;
        const allowed =
          (each.do === 'void' || each.part <= known.amount) &&
          (known.ended === null || known.ended === ending);
        const done = transaction(db, (tx) =>
          each.do === 'post' ? ledger.post(tx, id, each.part) : ledger.voidTransfer(tx, id),
        );
        if (!allowed) {
          expect(isAppError(await done.catch((error: unknown) => error), 'conflict')).toBe(true);
          continue;
        }
        expect(await done).toBe(known.ended === null);
        if (known.ended === null) {
          known.ended = ending;
          model.posted.set(known.holder, (model.posted.get(known.holder) ?? 0) + posted);
        }
      }
      for (const holder of HOLDERS) {
        const balance = await ledger.balance(db, {
          kind: 'offline_exposure_site',
          holder,
          currency: 'EUR',
        });
        const posted = model.posted.get(holder) ?? 0;
        expect(balance?.debitsPosted ?? 0).toBe(posted);
        expect((balance?.debitsPosted ?? 0) + (balance?.debitsPending ?? 0)).toBe(
          heldInModel(model, holder),
        );
      }
      expect(await ledger.sumsToZero(db)).toBe(true);
    }),
    { numRuns: 40, seed: Number(process.env['TEST_SEED'] ?? 20_261_121) },
  );
}, 120_000);
