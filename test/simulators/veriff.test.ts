// The Veriff twin as its API documents Veriff: keys, signatures, sessions, decisions, webhooks.

import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnTwin, type Twin, THEN_CUT } from '../support/spawn-twin.ts';
import { until } from '../support/until.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

const KEY = '8a1ccdb5-5a5c-4b3f-9c5c-000000000001';
const SECRET = 'shared-secret-of-the-test';
let hook: WebhookReceiver;
let twin: Twin;

beforeAll(async () => {
  hook = await startWebhookReceiver();
  twin = await spawnTwin('veriff', {
    'api-key': KEY,
    'shared-secret': SECRET,
    'webhook-url': hook.url,
  });
});
afterAll(async () => {
  expect(await twin.stop()).toBe(0);
  await hook.stop();
});
afterEach(async () => {
  await twin.ask('DELETE', '/faults');
  await twin.ask('POST', '/wan', { state: 'up' });
  await twin.ask('POST', '/clock', { real: true });
});

type Json = Record<string, unknown>;
type Reply = { status: number; json: Json; headers: Headers; text: string };
const hmac = (text: string) => createHmac('sha256', SECRET).update(text).digest('hex');

async function call(method: string, path: string, body?: Json, signed?: string): Promise<Reply> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const over = signed ?? text ?? /sessions\/([^/]+)/.exec(path)?.[1] ?? '';
  const response = await fetch(`${twin.api}${path}`, {
    method,
    headers: {
      'x-auth-client': KEY,
      'x-hmac-signature': hmac(over),
      'content-type': 'application/json',
    },
    ...(text === undefined ? {} : { body: text }),
  });
  const answer = await response.text();
  return {
    status: response.status,
    json: JSON.parse(answer) as Json,
    headers: response.headers,
    text: answer,
  };
}

type Session = { id: string; url: string; status: string; sessionToken: string };

async function create(more: Json = {}): Promise<Session> {
  const verification = {
    person: { firstName: 'Ada', lastName: 'Example' },
    vendorData: 'op_1',
    ...more,
  };
  const { status, json } = await call('POST', '/v1/sessions', { verification });
  expect(status).toBe(201);
  return json['verification'] as Session;
}

const finish = (session: Session, outcome: string, more: Record<string, string> = {}) =>
  fetch(session.url, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ outcome, ...more }),
  });

const decision = async (id: string) =>
  (await call('GET', `/v1/sessions/${id}/decision`)).json['verification'] as Json | null;

const webhooksOf = (id: string) =>
  hook.received.filter(({ body }) => body.includes(id)).map(({ body }) => JSON.parse(body) as Json);

describe('a session', () => {
  test('is created with a hosted page, and two requests make two', async () => {
    const session = await create();
    expect(session).toMatchObject({ status: 'created', vendorData: 'op_1', host: twin.api });
    expect(session.url).toBe(`${twin.api}/v/${session.sessionToken}`);
    expect((await create()).id).not.toBe(session.id);
  });

  test('has no decision until the person is through, then the one they got', async () => {
    const session = await create();
    expect(await decision(session.id)).toBeNull();
    const page = await fetch(session.url);
    expect(await page.text()).toContain('value="Ada"');
    expect(await decision(session.id)).toBeNull();
    expect(
      (await finish(session, 'approved', { document_number: 'X1', document_country: 'EE' })).status,
    ).toBe(200);
    expect(await decision(session.id)).toMatchObject({
      id: session.id,
      status: 'approved',
      code: 9001,
      vendorData: 'op_1',
      person: { firstName: 'Ada', lastName: 'Example' },
      document: { type: null, number: 'X1', country: 'EE' },
      reason: null,
    });
    expect((await finish(session, 'declined')).status).toBe(410);
  });

  test.each([
    ['declined', 9102, 102],
    ['resubmission_requested', 9103, 201],
    ['review', 9121, null],
    ['expired', 9104, null],
    ['abandoned', 9104, null],
  ])('may end as %s with code %i', async (outcome, code, reasonCode) => {
    const session = await create();
    await finish(session, outcome);
    expect(await decision(session.id)).toMatchObject({ status: outcome, code, reasonCode });
  });

  test('after a request to resubmit is a second attempt whose verdict then stands', async () => {
    const session = await create();
    await finish(session, 'resubmission_requested');
    const first = (await decision(session.id))?.['attemptId'];
    await finish(session, 'approved');
    const second = await decision(session.id);
    expect(second).toMatchObject({ status: 'approved' });
    expect(second?.['attemptId']).not.toBe(first);
    const { json } = await call('GET', `/v1/sessions/${session.id}/attempts`);
    expect((json['verifications'] as Json[]).map(({ status }) => status)).toEqual([
      'approved',
      'resubmission_requested',
    ]);
  });

  test('nobody finishes expires after seven days, one begun is abandoned', async () => {
    const untouched = await create();
    const begun = await create();
    await fetch(begun.url);
    await twin.ask('POST', '/clock', { advance_ms: 7 * 86_400_000 });
    expect(await decision(untouched.id)).toMatchObject({ status: 'expired', code: 9104 });
    expect(await decision(begun.id)).toMatchObject({ status: 'abandoned', code: 9104 });
  });

  test('sends its person back to the callback', async () => {
    const session = await create({ callback: 'https://example.test/back' });
    const reply = await finish(session, 'approved');
    expect([reply.status, reply.headers.get('location')]).toEqual([
      303,
      'https://example.test/back',
    ]);
  });

  test('that is deleted is gone, with what it knew', async () => {
    const session = await create();
    await finish(session, 'approved');
    expect((await call('DELETE', `/v1/sessions/${session.id}`)).status).toBe(200);
    expect((await call('GET', `/v1/sessions/${session.id}/decision`)).status).toBe(404);
    expect((await fetch(session.url)).status).toBe(404);
  });
});

const image = (content: string, context = 'face') => ({ image: { context, content } });

describe('pictures by the API', () => {
  test('are taken until the session is submitted', async () => {
    const { id } = await create();
    const path = `/v1/sessions/${id}/media`;
    const added = await call('POST', path, image(Buffer.from('picture').toString('base64')));
    expect(added).toMatchObject({ status: 200, json: { image: { context: 'face', size: 7 } } });
    const { json } = await call('GET', path);
    expect(json['images']).toHaveLength(1);
    const body = { verification: { status: 'submitted' } };
    expect(await call('PATCH', `/v1/sessions/${id}`, body)).toMatchObject({
      json: { verification: { status: 'submitted' } },
    });
    expect((await call('POST', path, image('aGk='))).status).toBe(409);
  });

  test.each([
    ['not base64', image('%%%'), 400, '1401'],
    ['an unknown context', image('aGk=', 'garden'), 400, '1402'],
    ['no content', { image: { context: 'face' } }, 400, '1102'],
    ['one too large', image('A'.repeat(11_200_000)), 400, '1104'],
  ])('%s is refused', async (_what, body, status, code) => {
    const { id } = await create();
    const reply = await call('POST', `/v1/sessions/${id}/media`, body);
    expect([reply.status, reply.json['code']]).toEqual([status, code]);
  });
});

describe('who is asking', () => {
  test('answers are signed', async () => {
    const { id } = await create();
    const reply = await call('GET', `/v1/sessions/${id}/decision`);
    expect(reply.headers.get('x-hmac-signature')).toBe(hmac(reply.text));
    expect(reply.headers.get('x-auth-client')).toBe(KEY);
  });

  test('a wrong signature is refused, over the id for reading and over the body for writing', async () => {
    const { id } = await create();
    const read = await call('GET', `/v1/sessions/${id}/decision`, undefined, 'another id');
    expect([read.status, read.json['code']]).toEqual([401, '1818']);
    const body = { verification: { status: 'submitted' } };
    const written = await call('PATCH', `/v1/sessions/${id}`, body, id);
    expect([written.status, written.json['code']]).toEqual([401, '1819']);
  });

  test('making a session needs the key, not a signature', async () => {
    const asked = { method: 'POST', body: '{"verification":{}}' };
    const unknown = await fetch(`${twin.api}/v1/sessions`, asked);
    expect([unknown.status, ((await unknown.json()) as Json)['code']]).toEqual([401, '1801']);
    const known = await fetch(`${twin.api}/v1/sessions`, {
      ...asked,
      headers: { 'x-auth-client': KEY },
    });
    expect(known.status).toBe(201);
  });

  test.each([
    [{}, '1102', 'verification'],
    [{ verification: { callback: 'http://example.test' } }, '1302', 'HTTPS'],
    [{ verification: { vendorData: 'x'.repeat(1001) } }, '1500', 'vendorData'],
    [{ verification: { person: { firstName: 7 } } }, '1104', 'firstName'],
  ])('a wrong session is refused by naming the field', async (body, code, word) => {
    const { status, json } = await call('POST', '/v1/sessions', body);
    expect([status, json['code']]).toEqual([400, code]);
    expect(json['message']).toContain(word);
  });
});

describe('webhooks', () => {
  test('tell that it started, was submitted, was decided, each signed over its raw body', async () => {
    const session = await create();
    await fetch(session.url);
    await finish(session, 'approved');
    await until('three webhooks', () => webhooksOf(session.id).length === 3);
    const told = webhooksOf(session.id);
    expect(told.filter(({ code }) => code !== undefined).map(({ code }) => code)).toEqual(
      expect.arrayContaining([7001, 7002]),
    );
    const decided = told.find((each) => 'verification' in each);
    expect(decided?.['verification']).toEqual(await decision(session.id));
    for (const { headers, body } of hook.received) {
      expect(headers['x-hmac-signature']).toBe(hmac(body));
      expect(headers['x-auth-client']).toBe(KEY);
    }
  });

  test('that could not be sent while the line was cut are not there at its return, the decision is', async () => {
    const session = await create();
    await fetch(session.url);
    await until('the first webhook', () => webhooksOf(session.id).length === 1);
    const page = {
      on: 'request',
      method: 'POST',
      path: '/v/*',
      kind: 'lost_reply',
      ...THEN_CUT,
    };
    await twin.ask('POST', '/faults', page);
    await expect(finish(session, 'approved')).rejects.toThrow();
    await until('the failed attempts', () => twin.log().split('the line is cut').length >= 3);
    await twin.ask('POST', '/wan', { state: 'up' });
    expect(await decision(session.id)).toMatchObject({ status: 'approved' });
    expect(webhooksOf(session.id)).toHaveLength(1);
    await twin.ask('POST', '/clock', { advance_ms: 3_600_000 });
    await until('the retried webhooks', () => webhooksOf(session.id).length === 3);
  });
});

test('a decision given before a kill -9 is given after it', async () => {
  const flags = { 'api-key': KEY, 'shared-secret': SECRET };
  const first = await spawnTwin('veriff', flags);
  const made = await fetch(`${first.api}/v1/sessions`, {
    method: 'POST',
    headers: { 'x-auth-client': KEY },
    body: '{"verification":{}}',
  });
  const { verification } = (await made.json()) as { verification: Session };
  await finish(verification, 'declined');
  await first.kill();
  const second = await spawnTwin('veriff', { ...flags, database: first.database });
  const read = await fetch(`${second.api}/v1/sessions/${verification.id}/decision`, {
    headers: { 'x-auth-client': KEY, 'x-hmac-signature': hmac(verification.id) },
  });
  expect(await read.json()).toMatchObject({ verification: { status: 'declined' } });
  await second.stop();
});
