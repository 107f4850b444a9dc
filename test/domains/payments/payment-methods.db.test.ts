import { describe, expect, test } from '@jest/globals';
import { findMethod } from '../../../server/domains/payments/store-methods.ts';
import { submitCard } from '../../support/stripe-twin.ts';
import { until } from '../../support/until.ts';
import { addPayer, addPerson, eventTypes, openMethodPage, usePaidDoor } from './paid-door.ts';

const door = usePaidDoor();

describe('saving a card on the provider’s page', () => {
  test('leaves a token, a mandate and four digits, and no card number anywhere in the database', async () => {
    const till = await door.open();
    const personId = await addPerson(till);
    const page = await openMethodPage(till, personId);
    expect(page).toMatchObject({ status: 'open', brand: null });
    await submitCard(page.url ?? '', '5555555555554444');
    await till.inbox.pollNow('stripe');
    const method = await until('the saved card', async () => {
      const found = await findMethod(till.db, page.id);
      return found?.status === 'active' ? found : null;
    });
    expect(method).toMatchObject({
      brand: 'mastercard',
      lastFour: '4444',
      funding: 'credit',
      url: null,
    });
    expect(method.methodRef).toMatch(/^pm_/);
    expect(method.mandate?.usage).toBe('off_session');
    expect(await eventTypes(till, page.id)).toEqual([
      'payment_method.started',
      'payment_method.activated',
    ]);
    for (const table of [
      'payment_method',
      'inbox_event',
      'event',
      'outbox_msg',
      'outbox_attempt',
    ]) {
      const rows = await till.db.query(`select * from ${table} where org_id = $1`, [till.db.org]);
      expect(JSON.stringify(rows.map((row) => Object.values(row).map(String)))).not.toContain(
        '5555555555554444',
      );
    }
  });

  test('a second card of the same person hangs on the same customer', async () => {
    const till = await door.open();
    const personId = await addPayer(till);
    const second = await openMethodPage(till, personId);
    const customers = await till.db.query<{ customer_ref: string }>(
      'select distinct customer_ref from payment_method where org_id = $1 and person_id = $2',
      [till.db.org, personId],
    );
    expect(customers).toHaveLength(1);
    expect(second.customerRef).toBe(customers[0]?.customer_ref);
  });

  for (const [path, name] of [
    ['/v1/customers', 'the customer'],
    ['/v1/checkout/sessions', 'the session'],
  ] as const) {
    for (const kind of [
      'lost_request',
      'lost_reply',
      'status',
      'status_after',
      'hang_reply',
    ] as const) {
      test(`${kind} while ${name} is made: asked again, and made once`, async () => {
        const till = await door.open();
        const personId = await addPerson(till);
        await till.twin.ask('POST', '/faults', { on: 'request', method: 'POST', path, kind });
        const before = (await till.twin.ask('GET', '/state')) as { counts: Record<string, number> };
        const method = await openMethodPage(till, personId);
        expect(method.status).toBe('open');
        const after = (await till.twin.ask('GET', '/state')) as { counts: Record<string, number> };
        const made = (key: string) => (after.counts[key] ?? 0) - (before.counts[key] ?? 0);
        // A failure the provider stored under the key cannot be repeated away: a new key, a second object.
        expect(made('checkout_session')).toBe(
          kind === 'status_after' && path !== '/v1/customers' ? 2 : 1,
        );
        expect(made('customer')).toBe(kind === 'status_after' && path === '/v1/customers' ? 2 : 1);
      });
    }
  }

  test('a page nobody completed expires', async () => {
    const till = await door.open();
    const personId = await addPerson(till);
    const page = await openMethodPage(till, personId);
    await till.twin.ask('POST', '/clock', { advance_ms: 25 * 3_600_000 });
    await until('the expired page', async () => {
      await till.inbox.pollNow('stripe');
      return (await findMethod(till.db, page.id))?.status === 'expired';
    });
  });
});
