// The phases of the operation handler one by one: what a crash between them leaves, and answers the twin
// does not give, put in by hand.

import { describe, expect, test } from '@jest/globals';
import type { Operation } from '../../../server/domains/payments/operation.ts';
import { findOperation, saveOperation } from '../../../server/domains/payments/store-operations.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import type { HttpRequest, HttpResponse } from '../../../server/platform/outside/http-exchange.ts';
import type { Sent } from '../../../server/platform/outbox/index.ts';
import { present } from '../../../server/shared/assert.ts';
import { accept, addPayer, byHand, chargesOf, read, type Till, usePaidDoor } from './paid-door.ts';

const door = usePaidDoor();

async function authorisation(): Promise<{ till: Till; paymentId: string; operation: Operation }> {
  const till = await door.open();
  const personId = await addPayer(till);
  await till.outbox.stop(1_000);
  const paymentId = await accept(till, personId);
  return { till, paymentId, operation: (await read(till, paymentId)).of('authorise') };
}

const answered = (status: number, body: unknown, headers = {}): Sent<HttpResponse> => ({
  kind: 'answered',
  answer: { status, headers, body: JSON.stringify(body) },
  status,
});

const NOT_SENT: Sent<HttpResponse> = { kind: 'not_sent', reason: 'ECONNREFUSED' };
const NOTHING_HEARD: Sent<HttpResponse> = { kind: 'unknown', reason: 'ECONNRESET' };
const NO_SUCH_OBJECT = answered(200, { object: 'list', data: [], has_more: false });

describe('prepare', () => {
  test('stores the exact bytes and the time of the first send before anything is sent', async () => {
    const { till, paymentId, operation } = await authorisation();
    const prepared = await byHand(till, operation).prepare();
    const stored = (await read(till, paymentId)).of('authorise');
    expect(stored).toMatchObject({ status: 'sending', step: 'create' });
    expect(stored.firstSentAt).not.toBeNull();
    expect(prepared.kind === 'send' ? prepared.request.http : null).toEqual(
      JSON.parse(stored.request ?? ''),
    );
    expect(stored.request).not.toContain('sk_test');
    expect(chargesOf(till.twin, paymentId)).toEqual([]);
  });

  test('a capture waits while its authorisation is open or in doubt', async () => {
    const { till, paymentId, operation } = await authorisation();
    const capture = byHand(till, (await read(till, paymentId)).of('capture'));
    expect((await capture.prepare()).kind).toBe('blocked');
    await byHand(till, operation).prepare();
    expect(await capture.prepare()).toMatchObject({
      kind: 'blocked',
      reason: expect.stringContaining('sending'),
    });
    await byHand(till, operation).run();
    expect((await capture.prepare()).kind).toBe('send');
  });

  test('sends the stored bytes at every send, also when this program would build others', async () => {
    const { till, paymentId, operation } = await authorisation();
    const hand = byHand(till, operation);
    const built = await hand.prepare();
    if (built.kind !== 'send') throw new Error('nothing to send');
    // As a version of the program before this one would have left it: proven not sent, its own bytes.
    const { http } = built.request;
    const earlier: HttpRequest = {
      ...http,
      headers: { ...http.headers, 'stripe-version': '2020-08-27' },
      body: `${String(http.body)}&metadata[built_by]=the+version+before`,
    };
    const bytes = JSON.stringify(earlier);
    await transaction(till.db, async (tx) => {
      const row = present(await findOperation(tx, operation.id), 'the operation');
      await saveOperation(tx, { ...row, status: 'not_sent', firstSentAt: null, request: bytes });
    });
    const modes: string[] = [];
    for (const reply of [NOT_SENT, NOTHING_HEARD, NO_SUCH_OBJECT, NOTHING_HEARD]) {
      const prepared = await hand.prepare();
      if (prepared.kind !== 'send') throw new Error(`nothing to send: ${JSON.stringify(prepared)}`);
      const { mode, http: sent } = prepared.request;
      modes.push(mode);
      if (mode !== 'lookup') expect(JSON.stringify(sent)).toBe(bytes);
      expect((await read(till, paymentId)).of('authorise').request).toBe(bytes);
      await hand.settle(prepared.request, reply);
    }
    expect(modes).toEqual(['execute', 'execute', 'lookup', 'replay']);
  });
});

describe('a crash', () => {
  test('between prepare and send: looked up first, then the same bytes, one charge', async () => {
    const { till, paymentId, operation } = await authorisation();
    const hand = byHand(till, operation);
    await hand.prepare();
    const before = (await read(till, paymentId)).of('authorise').request;
    // A new process finds the row as it is.
    const again = await hand.prepare();
    expect(again.kind === 'send' ? again.request.mode : null).toBe('lookup');
    expect((await read(till, paymentId)).payment.status).toBe('in_doubt');
    const request = again.kind === 'send' ? again.request : null;
    const settled = await hand.settle(
      present(request, 'a look-up'),
      await hand.send(present(request, 'a look-up')),
    );
    expect(settled.kind).toBe('continue');
    const replay = await hand.prepare();
    expect(replay.kind === 'send' ? replay.request.mode : null).toBe('replay');
    expect((await read(till, paymentId)).of('authorise').request).toBe(before);
    await hand.run();
    expect((await read(till, paymentId)).of('authorise')).toMatchObject({
      status: 'succeeded',
      generation: 1,
    });
    expect(chargesOf(till.twin, paymentId)).toHaveLength(1);
  });

  test('between the reply and its settlement: found by a look-up, one charge', async () => {
    const { till, paymentId, operation } = await authorisation();
    const hand = byHand(till, operation);
    for (const step of ['create', 'confirm']) {
      const prepared = await hand.prepare();
      if (prepared.kind !== 'send') throw new Error(`nothing to send at ${step}`);
      await hand.send(prepared.request); // the reply is read, and lost with the process
      await hand.prepare();
      const lookup = await hand.prepare();
      if (lookup.kind !== 'send') throw new Error('nothing to look up');
      expect(lookup.request.mode).toBe('lookup');
      await hand.settle(lookup.request, await hand.send(lookup.request));
    }
    expect((await read(till, paymentId)).of('authorise')).toMatchObject({
      status: 'succeeded',
      resolvedBy: 'lookup',
    });
    expect(chargesOf(till.twin, paymentId)).toHaveLength(1);
  });

  test('after the settlement: the message comes once more and finds nothing to do', async () => {
    const { till, operation } = await authorisation();
    await byHand(till, operation).run();
    expect((await byHand(till, operation).prepare()).kind).toBe('nothing');
  });
});

describe('settle', () => {
  async function sent(reply: Sent<HttpResponse>) {
    const { till, paymentId, operation } = await authorisation();
    const hand = byHand(till, operation);
    const prepared = await hand.prepare();
    if (prepared.kind !== 'send') throw new Error('nothing to send');
    const settled = await hand.settle(prepared.request, reply);
    return { till, hand, settled, after: (await read(till, paymentId)).of('authorise') };
  }

  test('proven not sent: nothing has begun, and the same key is used again', async () => {
    const { settled, after, hand } = await sent({ kind: 'not_sent', reason: 'ECONNREFUSED' });
    expect(settled).toMatchObject({ kind: 'retry', reason: 'ECONNREFUSED' });
    expect(after).toMatchObject({ status: 'not_sent', firstSentAt: null, generation: 1 });
    expect(await hand.run()).toBe(2);
  });

  test('refused for the rate: not executed, with the provider’s own delay', async () => {
    const { settled, after } = await sent(answered(429, { error: {} }, { 'retry-after': '7' }));
    expect(settled).toMatchObject({ kind: 'retry', afterMs: 7_000 });
    expect(after.status).toBe('not_sent');
  });

  test('refused for our credential: not executed, tried again', async () => {
    const { settled, after } = await sent(answered(401, { error: {} }));
    expect(settled.kind).toBe('retry');
    expect(after).toMatchObject({ status: 'not_sent', reason: '401' });
  });

  test('malformed: a dead letter, and no decline of anybody', async () => {
    const error = { type: 'invalid_request_error', code: 'parameter_unknown', param: 'x' };
    const { settled, after } = await sent(answered(400, { error }));
    expect(settled.kind).toBe('dead');
    expect(after).toMatchObject({ status: 'not_sent', declineCode: null });
  });

  test('our key is in use: in doubt, and looked up soon', async () => {
    const error = { type: 'idempotency_error', code: 'idempotency_key_in_use' };
    const { settled, after } = await sent(answered(409, { error }));
    expect(settled).toMatchObject({ kind: 'indeterminate', afterMs: 20 });
    expect(after.status).toBe('unknown');
  });

  test('another amount than we asked for: escalated, never counted as success', async () => {
    const intent = {
      id: 'pi_x',
      object: 'payment_intent',
      amount: 9_999,
      currency: 'eur',
      status: 'requires_confirmation',
      metadata: {},
    };
    const { settled, after } = await sent(answered(200, intent));
    expect(settled.kind).toBe('indeterminate');
    expect(after.status).toBe('unknown_escalated');
  });

  test('unknown for longer than the limit is escalated and still looked up', async () => {
    const { till, hand, after } = await sent({ kind: 'unknown', reason: 'ECONNRESET' });
    expect(after.status).toBe('unknown');
    till.settings.unknown = { ...till.settings.unknown, escalateAfterMs: -1 };
    const lookup = await hand.prepare();
    if (lookup.kind !== 'send') throw new Error('nothing to look up');
    await hand.settle(lookup.request, answered(503, {}));
    const escalated = (await read(till, after.paymentId)).of('authorise');
    expect(escalated.status).toBe('unknown_escalated');
    const next = await hand.prepare();
    expect(next.kind === 'send' ? next.request.mode : null).toBe('lookup');
    // Proof still moves it.
    till.settings.unknown = { ...till.settings.unknown, lookupMisses: 1, absentAfterMs: 0 };
    await hand.run();
    expect((await read(till, after.paymentId)).of('authorise')).toMatchObject({
      status: 'succeeded',
      generation: 2,
    });
    expect(chargesOf(till.twin, after.paymentId)).toHaveLength(1);
  });
});

describe('a failure the provider keeps under our key', () => {
  /** Answers every write of one key with the same 500 for ever, and never knows the object. */
  function stubborn(seen: string[]): (key: string | undefined) => Sent<HttpResponse> {
    const kept = new Set<string>();
    return (key) => {
      if (key === undefined) return answered(200, { object: 'list', data: [], has_more: false });
      seen.push(key);
      const replayed = kept.has(key);
      kept.add(key);
      const headers = replayed ? { 'idempotent-replayed': 'true' } : {};
      return answered(500, { error: { type: 'api_error' } }, headers);
    };
  }

  test('is repeated once, then looked up only, and given up as absent before the next key', async () => {
    const { till, operation } = await authorisation();
    till.settings.unknown = { ...till.settings.unknown, lookupMisses: 2, absentAfterMs: 0 };
    const seen: string[] = [];
    const provider = stubborn(seen);
    const hand = byHand(till, operation);
    const modes: string[] = [];
    for (let at = 0; at < 7; at += 1) {
      const prepared = await hand.prepare();
      if (prepared.kind !== 'send') throw new Error('nothing to send');
      modes.push(prepared.request.mode);
      await hand.settle(
        prepared.request,
        provider(prepared.request.http.headers['idempotency-key']),
      );
    }
    expect(modes).toEqual(['execute', 'lookup', 'replay', 'lookup', 'lookup', 'execute', 'lookup']);
    expect(new Set(seen).size).toBe(2);
    expect((await read(till, operation.paymentId)).of('authorise').generation).toBe(2);
  });
});
