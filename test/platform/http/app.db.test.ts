import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import { startTestHttp, type TestHttp } from '../../support/http.ts';
import { aborted, echoRoutes } from './echo-routes.ts';

const database = useTestDatabase();
let http: TestHttp;
let org: SeededOrganization;

beforeAll(async () => {
  http = await startTestHttp(database.deps(), {
    routes: echoRoutes,
    settings: {
      bodyLimitBytes: 2_000,
      rawLimitBytes: 16,
      importBodyLimitBytes: 1_000,
      importLineLimitBytes: 20,
      requestTimeoutMs: 1_000,
    },
  });
  org = await database.seedOrganization();
});
afterAll(() => http.close());

function echo(
  body: unknown,
  headers: Record<string, string> = {},
): ReturnType<TestHttp['request']> {
  return http.request('POST', '/v1/echo', { key: org.apiKey, body, headers });
}

const typed = { 'content-type': 'application/json' };

test('the steps are a printed list, in their order', () => {
  expect(http.app.steps).toEqual([
    'identify',
    'observe',
    'answer-problems',
    'drain',
    'match',
    'deadline',
    'authenticate',
    'version',
    'read-body',
    'validate',
    'authorize',
    'paginate',
    'preconditions',
    'idempotency',
    'run',
  ]);
});

describe('validation', () => {
  test('names every wrong field with its pointer, what was expected and what was found', async () => {
    const response = await echo({
      name: 'a',
      age: 'old',
      list: [{ kind: 'c', 'x/y': 1 }],
      more: true,
    });
    expect(response.status).toBe(422);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    const problems = response.json().errors as { pointer: string; code: string; detail: string }[];
    expect(Object.fromEntries(problems.map(({ pointer, code }) => [pointer, code]))).toEqual({
      '/age': 'wrong_type',
      '/list/0/kind': 'not_allowed',
      '/list/0/x~1y': 'unknown_field',
      '/more': 'unknown_field',
      '/name': 'too_small',
    });
    const detail = Object.fromEntries(problems.map((problem) => [problem.pointer, problem.detail]));
    expect(detail['/name']).toBe('Expected at least 2 characters, found "a".');
    expect(detail['/age']).toBe('Expected a number, found "old".');
    expect(detail['/list/0/kind']).toBe('Expected one of "a", "b", found "c".');
  });

  test('a missing body is told as its missing fields', async () => {
    const response = await http.request('POST', '/v1/echo', { key: org.apiKey });
    expect(response.status).toBe(422);
    expect(response.json().errors).toEqual([
      { pointer: '/name', code: 'missing', detail: 'Expected a string, found nothing.' },
    ]);
  });

  test('the value of a field marked secret is never repeated', async () => {
    const response = await echo({ name: 'anna', pin: 'hunter2-hunter2' });
    expect(response.status).toBe(422);
    expect(response.text).not.toContain('hunter2');
  });

  test('an unknown or repeated query parameter is 400', async () => {
    const unknown = await http.request('GET', '/v1/nodes?colour=red', { key: org.apiKey });
    const repeated = await http.request('GET', '/v1/nodes?kind=site&kind=zone', {
      key: org.apiKey,
    });
    expect([unknown.status, unknown.json().errors[0].pointer]).toEqual([400, '/query/colour']);
    expect([repeated.status, repeated.json().errors[0].code]).toEqual([400, 'repeated']);
  });
});

function sendRaw(body: Buffer): ReturnType<TestHttp['request']> {
  return http.request('POST', '/v1/raw', { body, headers: { 'x-a': 'b' } });
}

function change(headers: Record<string, string>): ReturnType<TestHttp['request']> {
  return http.request('PATCH', '/v1/versioned', { key: org.apiKey, body: { name: 'x' }, headers });
}

describe('bodies', () => {
  test.each([
    ['no JSON', '{"name":', 400, 'invalid_json'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400, 'invalid_json'],
    ['too large', JSON.stringify({ name: 'x'.repeat(3_000) }), 413, 'body_too_large'],
    ['nested too deep', `${'['.repeat(40)}${']'.repeat(40)}`, 400, 'invalid_json'],
    ['a card number', '{"name":"4242424242424242"}', 422, 'card_number_refused'],
    ['an array', '[]', 422, 'validation_failed'],
  ])('%s', async (_name, body, status, code) => {
    const response = await echo(body, typed);
    expect([response.status, response.json().code]).toEqual([status, code]);
    expect(response.text).not.toContain('4242424242424242');
  });

  test.each([
    ['text/plain', undefined],
    ['application/json; charset=latin1', undefined],
    ['application/json', 'gzip'],
  ])('content type %s with encoding %s is refused', async (type, encoding) => {
    const headers = { 'content-type': type, ...(encoding ? { 'content-encoding': encoding } : {}) };
    const response = await echo('{"name":"anna"}', headers);
    expect([response.status, response.json().code]).toEqual([415, 'unsupported_media_type']);
  });

  test('a stream is read line by line, whatever ends the lines', async () => {
    const response = await http.request('POST', '/v1/lines', {
      key: org.apiKey,
      body: 'one\r\n\ntwo\nthree',
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect(response.json()).toEqual({ lines: ['one', 'two', 'three'] });
  });

  test.each([
    ['a line', `short\n${'x'.repeat(30)}\n`],
    ['the whole', 'short\n'.repeat(200)],
  ])('a stream is bounded in %s', async (_name, body) => {
    const response = await http.request('POST', '/v1/lines', {
      key: org.apiKey,
      body,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect([response.status, response.json().code]).toEqual([413, 'body_too_large']);
  });

  test('raw bytes arrive as they came, under their own limit', async () => {
    expect((await sendRaw(Buffer.from([0, 255, 10]))).json()).toEqual({
      hex: '00ff0a',
      agent: 'b',
    });
    expect((await sendRaw(Buffer.alloc(17))).status).toBe(413);
  });
});

describe('headers', () => {
  test('every answer carries a request id of ours; the problem carries the same', async () => {
    const response = await http.request('GET', '/nowhere', {
      headers: { 'x-request-id': 'theirs' },
    });
    expect(response.headers['request-id']).toMatch(/^req_/);
    expect(response.json().request_id).toBe(response.headers['request-id']);
  });

  test('a trace is taken up, and a broken one is begun anew', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const given = await http.request('GET', '/nowhere', {
      headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
    });
    const broken = await http.request('GET', '/nowhere', {
      headers: { traceparent: `00-${'0'.repeat(32)}-1-1` },
    });
    expect(given.headers['traceparent']).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    expect(broken.headers['traceparent']).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  test('the API version is the key’s own, may be named, and an unknown one is refused', async () => {
    const own = await http.request('GET', '/v1/whoami', { key: org.apiKey });
    const unknown = await http.request('GET', '/v1/whoami', {
      key: org.apiKey,
      headers: { 'sallyport-version': '2020-01-01' },
    });
    expect(own.headers['sallyport-version']).toBe('2026-11-21');
    expect([unknown.status, unknown.json().code]).toEqual([400, 'unknown_version']);
  });
});

describe('methods and paths', () => {
  test('what matches nothing is 404, and the wrong method is 405 with Allow', async () => {
    const nowhere = await http.request('GET', '/v1/nowhere', { key: org.apiKey });
    const wrong = await http.request('DELETE', '/v1/nodes', { key: org.apiKey });
    expect([nowhere.status, nowhere.json().code]).toEqual([404, 'not_found']);
    expect([wrong.status, wrong.json().code]).toEqual([405, 'method_not_allowed']);
    expect(wrong.headers['allow']).toBe('GET, HEAD, OPTIONS, POST');
  });

  test('HEAD is a GET without its body, OPTIONS tells the methods', async () => {
    const head = await http.request('HEAD', '/v1/whoami', { key: org.apiKey });
    const options = await http.request('OPTIONS', '/v1/nodes');
    expect([head.status, head.text]).toEqual([200, '']);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(10);
    expect([options.status, options.headers['allow']]).toEqual([204, 'GET, HEAD, OPTIONS, POST']);
  });

  test('a trailing slash or other letters are another path', async () => {
    expect((await http.request('GET', '/v1/whoami/', { key: org.apiKey })).status).toBe(404);
    expect((await http.request('GET', '/v1/WhoAmI', { key: org.apiKey })).status).toBe(404);
  });
});

describe('RFC 9110 §13 preconditions', () => {
  test('a read carries a strong ETag, and a client that has it is answered 304 without a body', async () => {
    const read = await http.request('GET', '/v1/versioned', { key: org.apiKey });
    expect(read.headers['etag']).toBe('"3"');
    const again = await http.request('GET', '/v1/versioned', {
      key: org.apiKey,
      headers: { 'if-none-match': '"2", "3"' },
    });
    expect([again.status, again.text, again.headers['etag']]).toEqual([304, '', '"3"']);
  });

  test('a change without If-Match is 428, for another version 412, for this one done', async () => {
    expect((await change({})).json().code).toBe('version_required');
    expect((await change({})).status).toBe(428);
    expect((await change({ 'if-match': '"2"' })).status).toBe(412);
    expect((await change({ 'if-match': 'W/"3"' })).status).toBe(400);
    const done = await change({ 'if-match': '"3"' });
    expect([done.status, done.headers['etag']]).toEqual([200, '"4"']);
  });
});

describe('credentials', () => {
  test.each([
    ['none', {}],
    ['another scheme', { authorization: 'Basic c3A6eA==' }],
    [
      'a mistyped key',
      { authorization: 'Bearer sp_test_12345678_12345678901234567890123456789012_123456' },
    ],
    ['a huge one', { authorization: `Bearer ${'x'.repeat(5_000)}` }],
  ])('%s is 401 with the scheme', async (_name, headers) => {
    const response = await http.request('GET', '/v1/whoami', { headers });
    expect([response.status, response.json().code]).toEqual([401, 'unauthenticated']);
    expect(response.headers['www-authenticate']).toMatch(/^Bearer/);
  });
});

test('a request that outlives its deadline is told so, and its signal is aborted', async () => {
  const response = await http.request('POST', '/v1/sleep', { key: org.apiKey });
  expect([response.status, response.json().code]).toEqual([503, 'deadline_passed']);
  expect(response.json().data).toEqual({ deadline_ms: 1_000 });
  expect(await aborted.promise).toMatchObject({ code: 'deadline_passed' });
});
