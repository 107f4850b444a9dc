import { describe, expect, test } from '@jest/globals';
import {
  createLedger,
  type Entry,
  heldOn,
  type Ledger,
} from '../../../server/domains/ledger/index.ts';
import { transaction, type Tx } from '../../../server/platform/database/database.ts';
import { useTestDatabase } from '../../support/database.ts';

const place = useTestDatabase();

async function setUp() {
  const { orgId } = await place.seedOrganization();
  const db = place.databases().org(orgId);
  const ledger = createLedger(place.deps());
  const within = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => transaction(db, work);
  return { db, ledger, within };
}

const exposure = (amountMinor: number, more: Partial<Entry> = {}): Entry => ({
  kind: 'pending',
  debit: { kind: 'offline_exposure_person', holder: 'per_a' },
  credit: { kind: 'exposure_control', holder: 'per_a' },
  amountMinor,
  currency: 'EUR',
  code: 'exposure',
  paymentId: null,
  operationId: null,
  ...more,
});
const person = { kind: 'offline_exposure_person', holder: 'per_a', currency: 'EUR' } as const;
const terminal = { kind: 'offline_exposure_terminal', holder: 'dev_a', currency: 'EUR' } as const;

async function held(
  ledger: Ledger,
  db: Parameters<Ledger['balance']>[0],
  key: typeof person | typeof terminal,
) {
  const balance = await ledger.balance(db, key);
  return balance === null ? 0 : heldOn(balance);
}

describe('reserving', () => {
  test('a pending transfer counts against the limit at once, and the refusal names it', async () => {
    const { db, ledger, within } = await setUp();
    const limit = { name: 'person_open', maxMinor: 1_000 };
    expect(await within((tx) => ledger.write(tx, [exposure(700, { limit })]))).toMatchObject({
      ok: true,
    });
    expect(await within((tx) => ledger.write(tx, [exposure(301, { limit })]))).toEqual({
      ok: false,
      limit: 'person_open',
      maxMinor: 1_000,
      wouldBeMinor: 1_001,
    });
    expect(await within((tx) => ledger.write(tx, [exposure(300, { limit })]))).toMatchObject({
      ok: true,
    });
    expect(await held(ledger, db, person)).toBe(1_000);
  });

  test('a chain writes nothing when its last limit is hit', async () => {
    const { db, ledger, within } = await setUp();
    const chain = [
      exposure(500, { limit: { name: 'person_open', maxMinor: 1_000 } }),
      exposure(500, {
        debit: { kind: 'offline_exposure_terminal', holder: 'dev_a' },
        credit: { kind: 'exposure_control', holder: 'dev_a' },
        limit: { name: 'terminal_open', maxMinor: 499 },
      }),
    ];
    const answer = await within((tx) => ledger.write(tx, chain));
    expect(answer).toMatchObject({ ok: false, limit: 'terminal_open', wouldBeMinor: 500 });
    expect(await held(ledger, db, person)).toBe(0);
    expect(await held(ledger, db, terminal)).toBe(0);
  });

  test('two entries of one chain on the same account count together', async () => {
    const { ledger, within } = await setUp();
    const limit = { name: 'person_open', maxMinor: 1_000 };
    const answer = await within((tx) =>
      ledger.write(tx, [exposure(600, { limit }), exposure(600, { limit })]),
    );
    expect(answer).toMatchObject({ ok: false, wouldBeMinor: 1_200 });
  });

  test('callers at the same moment never pass a limit together', async () => {
    const { db, ledger, within } = await setUp();
    const chain = (): Entry[] => [
      exposure(100, { limit: { name: 'person_open', maxMinor: 750 } }),
      exposure(100, {
        debit: { kind: 'offline_exposure_terminal', holder: 'dev_a' },
        credit: { kind: 'exposure_control', holder: 'dev_a' },
        limit: { name: 'terminal_open', maxMinor: 10_000 },
      }),
    ];
    const answers = await Promise.all(
      Array.from({ length: 24 }, () => within((tx) => ledger.write(tx, chain()))),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(7);
    expect(await held(ledger, db, person)).toBe(700);
    expect(await held(ledger, db, terminal)).toBe(700);
    expect(await ledger.sumsToZero(db)).toBe(true);
  });

  test('chains over the same accounts in opposite order do not lock each other out', async () => {
    const { db, ledger, within } = await setUp();
    const on = (holder: string) =>
      exposure(1, {
        debit: { kind: 'offline_exposure_site', holder },
        credit: { kind: 'exposure_control', holder },
      });
    const rounds = Array.from({ length: 20 }, (_, at) =>
      within((tx) => ledger.write(tx, at % 2 === 0 ? [on('a'), on('b')] : [on('b'), on('a')])),
    );
    expect((await Promise.all(rounds)).every((answer) => answer.ok)).toBe(true);
    for (const holder of ['a', 'b']) {
      const balance = await ledger.balance(db, {
        kind: 'offline_exposure_site',
        holder,
        currency: 'EUR',
      });
      expect(balance?.debitsPending).toBe(20);
    }
  });
});

describe('ending a pending transfer', () => {
  test('posting a part releases the rest', async () => {
    const { db, ledger, within } = await setUp();
    const id = await within((tx) => ledger.hold(tx, exposure(1_000)));
    expect(await within((tx) => ledger.post(tx, id, 400))).toBe(true);
    expect(await ledger.balance(db, person)).toMatchObject({ debitsPosted: 400, debitsPending: 0 });
  });

  test('the same ending twice changes nothing; another ending is refused', async () => {
    const { db, ledger, within } = await setUp();
    const id = await within((tx) => ledger.hold(tx, exposure(1_000)));
    await within((tx) => ledger.post(tx, id));
    expect(await within((tx) => ledger.post(tx, id))).toBe(false);
    await expect(within((tx) => ledger.voidTransfer(tx, id))).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(within((tx) => ledger.post(tx, id, 1))).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await ledger.balance(db, person)).toMatchObject({
      debitsPosted: 1_000,
      debitsPending: 0,
    });
  });

  test('of a post and a void at the same moment one wins', async () => {
    const { db, ledger, within } = await setUp();
    const id = await within((tx) => ledger.hold(tx, exposure(1_000)));
    const ends = await Promise.allSettled([
      within((tx) => ledger.post(tx, id)),
      within((tx) => ledger.voidTransfer(tx, id)),
    ]);
    expect(ends.filter((end) => end.status === 'fulfilled')).toHaveLength(1);
    expect((await ledger.balance(db, person))?.debitsPending).toBe(0);
    expect(await ledger.sumsToZero(db)).toBe(true);
  });

  test('more than was reserved, or nothing, is not posted', async () => {
    const { ledger, within } = await setUp();
    const id = await within((tx) => ledger.hold(tx, exposure(1_000)));
    for (const amount of [1_001, 0, -1, 0.5]) {
      await expect(within((tx) => ledger.post(tx, id, amount))).rejects.toThrow(
        `Expected to post 1 to 1000 of the transfer ${id}, found ${amount}.`,
      );
    }
  });

  test('a reservation expires only when it carries a time and the time has come', async () => {
    const { db, ledger, within } = await setUp();
    const { clock } = place.world();
    const timeless = await within((tx) => ledger.hold(tx, exposure(10)));
    const timed = await within((tx) =>
      ledger.hold(tx, exposure(20, { expiresAt: clock.now() + 60_000 })),
    );
    await expect(within((tx) => ledger.expire(tx, timed))).rejects.toThrow('has not expired yet');
    clock.advance(60_001);
    expect(await within((tx) => ledger.expire(tx, timed))).toBe(true);
    await expect(within((tx) => ledger.expire(tx, timeless))).rejects.toThrow(
      'has not expired yet',
    );
    expect(await held(ledger, db, person)).toBe(10);
  });
});

describe('the books', () => {
  test('a transfer of nothing, or from an account to itself, is our bug', async () => {
    const { ledger, within } = await setUp();
    for (const amount of [0, -5, 1.5, Number.NaN]) {
      await expect(within((tx) => ledger.hold(tx, exposure(amount)))).rejects.toThrow(
        'Invariant broken',
      );
    }
    const self = exposure(5, { credit: { kind: 'offline_exposure_person', holder: 'per_a' } });
    await expect(within((tx) => ledger.hold(tx, self))).rejects.toThrow('to itself');
  });

  test('an organization sees its own accounts only', async () => {
    const one = await setUp();
    const other = await setUp();
    await one.within((tx) => one.ledger.hold(tx, exposure(1_000)));
    expect(await other.ledger.balance(other.db, person)).toBeNull();
  });

  test('a rolled-back transaction leaves nothing', async () => {
    const { db, ledger, within } = await setUp();
    await expect(
      within(async (tx) => {
        await ledger.hold(tx, exposure(1_000));
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await ledger.balance(db, person)).toBeNull();
  });

  test('transfers cannot be changed or removed by the role that serves', async () => {
    const { within, ledger } = await setUp();
    if (place.database().kind === 'sqlite') {
      // One role there: the rule is that no statement of ours does it.
      expect(Object.keys(ledger)).not.toContain('update');
      return;
    }
    await within((tx) => ledger.hold(tx, exposure(1_000)));
    for (const text of [
      'update ledger_transfer set amount_minor = 1',
      'delete from ledger_transfer',
    ]) {
      await expect(within((tx) => tx.execute(text))).rejects.toThrow('permission denied');
    }
  });
});
