import { describe, expect, test } from '@jest/globals';
import { createHmac, createHash } from 'node:crypto';
import {
  buildCreate,
  buildDecision,
  buildSessionBody,
  isSigned,
  parseDecision,
  parseWebhook,
  progressOf,
  verifyWebhook,
} from '../../../server/domains/kyc/providers/veriff.ts';

const SETTINGS = { apiKey: 'key_a', sharedSecret: 'shared' };
const SECRETS = [{ id: 'now', secret: 'shared' }];
const hmac = (text: string | Buffer, secret = 'shared'): string =>
  createHmac('sha256', secret).update(text).digest('hex');

const decision = (more: object = {}) => ({
  id: 'ses_1',
  attemptId: 'att_1',
  code: 9001,
  status: 'approved',
  reason: null,
  reasonCode: null,
  vendorData: 'kys_1',
  decisionTime: '2026-11-21T09:00:00.000Z',
  person: { firstName: 'Ada' },
  document: { number: 'X1' },
  ...more,
});
const signed = (value: unknown, secret = 'shared') => {
  const body = JSON.stringify(value);
  return { status: 200, headers: { 'x-hmac-signature': hmac(body, secret) }, body };
};

describe('requests', () => {
  test('a decision is asked for with the signature over the session’s id', () => {
    const id = '123e4567-e89b-12d3-a456-426614174000';
    const request = buildDecision(SETTINGS, id);
    expect(request).toMatchObject({
      method: 'GET',
      path: `/v1/sessions/${id}/decision`,
      body: null,
    });
    const signature = request.headers['x-hmac-signature'] ?? '';
    // The vector of the research report.
    expect([signature.slice(0, 8), signature.slice(-5), signature.length]).toEqual([
      '904a7cdf',
      'c529b',
      64,
    ]);
  });

  test('a session is asked for by our id alone: no name leaves', () => {
    const body = buildSessionBody('kys_1');
    expect(JSON.parse(body)).toEqual({ verification: { vendorData: 'kys_1' } });
    expect(buildCreate(SETTINGS, body)).toMatchObject({
      method: 'POST',
      path: '/v1/sessions',
      headers: { 'x-auth-client': 'key_a', 'content-type': 'application/json' },
      body,
    });
  });
});

describe('the signature of a webhook', () => {
  const body = Buffer.from('{"verification":{"status":"submitted"}}');
  const verify = (headers: Record<string, string>, bytes = body) =>
    verifyWebhook({ headers, body: bytes }, SECRETS);

  test('agrees with the vector of the research report', () => {
    const signature = hmac(body);
    expect([signature.slice(0, 8), signature.slice(-6)]).toEqual(['5e53c77e', '4b2b90']);
    expect(verify({ 'x-hmac-signature': signature })).toEqual({ ok: true, keyId: 'now' });
  });

  test('is over the bytes as they came', () => {
    const raw = Buffer.from(
      '{"amount":10.0,"name":"Jos\\u00e9","big":12345678901234567890,"a":1e3}',
    );
    const again = Buffer.from(JSON.stringify(JSON.parse(raw.toString())));
    expect(verify({ 'x-hmac-signature': hmac(raw) }, raw).ok).toBe(true);
    expect(verify({ 'x-hmac-signature': hmac(again) }, raw).ok).toBe(false);
  });

  const refused: [string, Record<string, string>][] = [
    ['none', {}],
    ['of another secret', { 'x-hmac-signature': hmac(body, 'other') }],
    ['cut short', { 'x-hmac-signature': hmac(body).slice(0, 62) }],
    ['empty', { 'x-hmac-signature': '' }],
    [
      'of the older kind, though right',
      { 'x-signature': createHash('sha256').update(body).update('shared').digest('hex') },
    ],
  ];
  for (const [name, headers] of refused) {
    test(`${name} is refused`, () => expect(verify(headers).ok).toBe(false));
  }
});

describe('webhooks', () => {
  test('an event and a decision name their session; another attempt is another event', () => {
    const event = {
      id: 'ses_1',
      attemptId: 'att_1',
      feature: 'selfid',
      code: 7001,
      action: 'started',
    };
    const read = (value: unknown) => parseWebhook(Buffer.from(JSON.stringify(value)))[0];
    expect(read(event)).toMatchObject({ type: 'event.started', objectRef: 'ses_1' });
    expect(read({ status: 'success', verification: decision() })).toMatchObject({
      type: 'decision.approved',
      objectRef: 'ses_1',
    });
    const keys = [
      event,
      { ...event, code: 7002, action: 'submitted' },
      { ...event, attemptId: 'att_2' },
      { verification: decision() },
      { verification: decision({ code: 9102, status: 'declined' }) },
    ].map((value) => read(value)?.dedupeKey);
    expect(new Set(keys).size).toBe(5);
  });

  test('anything else is refused', () => {
    for (const body of ['', 'x', '[]', '{}', '{"verification":{}}', '{"id":1}']) {
      expect(() => parseWebhook(Buffer.from(body))).toThrow('Expected');
    }
  });

  test('hints move progress only', () => {
    expect(progressOf('event.started')).toBe('in_progress');
    expect(progressOf('event.submitted')).toBe('submitted');
    expect(progressOf('decision.approved')).toBeNull();
  });
});

describe('a fetched decision', () => {
  const words = [
    ['approved', 9001, 'approved'],
    ['declined', 9102, 'declined'],
    ['resubmission_requested', 9103, 'resubmit'],
    ['review', 9121, 'review'],
    ['expired', 9104, 'expired'],
    ['abandoned', 9104, 'abandoned'],
  ] as const;
  for (const [status, code, ours] of words) {
    test(`${status} (${code}) is ${ours}`, () => {
      const answer = parseDecision(
        SETTINGS,
        signed({ status: 'success', verification: decision({ status, code }) }),
      );
      expect(answer).toMatchObject({
        kind: 'decided',
        decision: ours,
        codeDisagrees: false,
        vendorData: 'kys_1',
      });
    });
  }

  test('where code and word disagree the word counts, and it is said', () => {
    const verification = decision({ status: 'abandoned', code: 9121 });
    expect(parseDecision(SETTINGS, signed({ verification }))).toMatchObject({
      decision: 'abandoned',
      codeDisagrees: true,
    });
  });

  test('nothing of the person or the document is kept', () => {
    const answer = parseDecision(SETTINGS, signed({ verification: decision() }));
    expect(JSON.stringify(answer)).not.toMatch(/Ada|X1/);
  });

  test('no verdict yet is a normal answer', () => {
    expect(parseDecision(SETTINGS, signed({ verification: null }))).toEqual({ kind: 'none_yet' });
  });

  test('an unsigned, wrongly signed, unknown or broken answer decides nothing', () => {
    const good = signed({ verification: decision() });
    const wrong = [
      { ...good, headers: {} },
      signed({ verification: decision() }, 'other'),
      { ...good, body: good.body.replace('approved', 'declined') },
      signed({ verification: decision({ status: 'novel' }) }),
      signed({ status: 'success' }),
      signed('x'),
    ];
    for (const response of wrong) expect(parseDecision(SETTINGS, response).kind).toBe('unreadable');
    expect(isSigned(SETTINGS, good)).toBe(true);
    expect(isSigned(SETTINGS, wrong[1] ?? good)).toBe(false);
  });
});
