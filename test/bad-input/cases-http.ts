// Wrong requests to the REST API: credentials, envelopes, bodies, fields, places in a list.

import { randomBytes } from 'node:crypto';
import type { BadCase } from './bad-case.ts';
import { ask, type BadRequest, requestOf } from './send-http.ts';
import type { Stage } from './stage.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

type HttpCase = {
  title: string;
  send: BadRequest | ((stage: Stage) => BadRequest | Promise<BadRequest>);
  code: string;
  says: readonly string[];
};

const ENVELOPES: readonly HttpCase[] = [
  {
    title: 'no credential',
    send: { method: 'GET', path: '/v1/people', key: null },
    code: '401 unauthenticated',
    says: ['Expected the header `Authorization: Bearer sp_…`', 'found none'],
  },
  {
    title: 'an API key with one character changed',
    send: ({ apiKey }) => ({
      method: 'GET',
      path: '/v1/people',
      key: `${apiKey.slice(0, -1)}${apiKey.endsWith('0') ? '1' : '0'}`,
    }),
    code: '401 unauthenticated',
    says: ['Expected a valid API key', 'found one that is unknown, mistyped'],
  },
  {
    title: 'a path that does not exist',
    send: { method: 'GET', path: '/v1/peolpe' },
    code: '404 not_found',
    says: ['/v1/peolpe', '/docs lists what is'],
  },
  {
    title: 'a method the path does not answer',
    send: { method: 'DELETE', path: '/v1/people' },
    code: '405 method_not_allowed',
    says: ['Expected one of the methods GET, HEAD', 'POST', 'found DELETE'],
  },
  {
    title: 'a form where JSON belongs',
    send: {
      path: '/v1/people',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'display_name=Ana',
    },
    code: '415 unsupported_media_type',
    says: ['Expected Content-Type application/json', 'found "application/x-www-form-urlencoded"'],
  },
  {
    title: 'a compressed body',
    send: {
      path: '/v1/people',
      headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
      body: Buffer.from('1f8b08', 'hex'),
    },
    code: '415 unsupported_media_type',
    says: ['Expected a body without Content-Encoding', 'found "gzip"'],
  },
  {
    title: 'a body beyond the limit',
    send: { path: '/v1/people', headers: JSON_TYPE, body: Buffer.alloc(1_048_577, 0x20) },
    code: '413 body_too_large',
    says: ['Expected a body', '1048576', 'found 1048577 bytes'],
  },
  {
    title: 'headers beyond the limit',
    send: { method: 'GET', path: '/v1/people', headers: { 'x-filler': 'x'.repeat(20_000) } },
    code: '431 header_too_large',
    says: ['Expected'],
  },
  {
    title: 'an API version that was never published',
    send: { method: 'GET', path: '/v1/people', headers: { 'sallyport-version': '2024-01-01' } },
    code: '400 unknown_version',
    says: ['Sallyport-Version', 'Expected', 'found "2024-01-01"'],
  },
];

const BODIES: readonly HttpCase[] = [
  {
    title: 'JSON that breaks off',
    send: { path: '/v1/people', headers: JSON_TYPE, body: '{"display_name":' },
    code: '400 invalid_json',
    says: ['Expected JSON in UTF-8', 'found something else'],
  },
  {
    title: 'JSON in Latin-1',
    send: {
      path: '/v1/people',
      headers: JSON_TYPE,
      body: Buffer.from('{"display_name":"Jos\xe9"}', 'latin1'),
    },
    code: '400 invalid_json',
    says: ['Expected JSON in UTF-8', 'found something else'],
  },
  {
    title: 'JSON nested 40 levels deep',
    send: { path: '/v1/people', headers: JSON_TYPE, body: '['.repeat(40) + ']'.repeat(40) },
    code: '400 invalid_json',
    says: ['Expected JSON of at most 32 levels', 'found more'],
  },
  {
    title: 'an array where an object belongs',
    send: { path: '/v1/people', body: ['Ana'] },
    code: '422 validation_failed',
    says: ['The body', 'Expected an object', 'found an array of 1 items'],
  },
  {
    title: 'an unknown field beside a missing one',
    send: { path: '/v1/people', body: { displayname: 'Ana' } },
    code: '422 validation_failed',
    says: [
      '/display_name: Expected a string, found nothing',
      '/displayname: Expected only known fields, found the unknown field "displayname"',
    ],
  },
  {
    title: 'a number where a text belongs',
    send: { path: '/v1/people', body: { display_name: 42 } },
    code: '422 validation_failed',
    says: ['/display_name', 'Expected a string', 'found the number 42'],
  },
  {
    title: 'a name of nothing but spaces',
    send: { path: '/v1/people', body: { display_name: '   ' } },
    code: '422 validation_failed',
    says: ['/display_name', 'Expected at least 1 characters', 'found "   "'],
  },
  {
    title: 'a name of 201 characters',
    send: { path: '/v1/people', body: { display_name: 'n'.repeat(201) } },
    code: '422 validation_failed',
    says: ['/display_name', 'Expected at most 200 characters', 'found a text of 201 characters'],
  },
  {
    title: 'a card number in a name',
    send: { path: '/v1/people', body: { display_name: 'Ana 4242 4242 4242 4242' } },
    code: '422 card_number_refused',
    says: ['/display_name', 'Expected no card number anywhere', 'found one'],
  },
  {
    title: 'a name with a NUL in it',
    send: { path: '/v1/people', body: { display_name: 'Ana\u0000' } },
    code: '422 validation_failed',
    says: ['/display_name', 'Expected text without NUL characters', 'found one'],
  },
  {
    title: 'a consent for a purpose that does not exist',
    send: ({ personId }) => ({
      path: `/v1/people/${personId}/consents`,
      body: { ...consent(), purpose: 'marketing' },
    }),
    code: '422 validation_failed',
    says: ['/purpose', 'Expected one of "biometric_identification"', 'found "marketing"'],
  },
  {
    title: 'a consent with a local date instead of an instant',
    send: ({ personId }) => ({
      path: `/v1/people/${personId}/consents`,
      body: { ...consent(), given_at: '21.11.2026' },
    }),
    code: '422 validation_failed',
    says: ['/given_at', 'Expected an instant as RFC 3339', 'found "21.11.2026"'],
  },
  {
    title: 'a consent given in the year 2100',
    send: ({ personId }) => ({
      path: `/v1/people/${personId}/consents`,
      body: { ...consent(), given_at: '2100-01-01T00:00:00Z' },
    }),
    code: '422 validation_failed',
    says: ['given_at', 'Expected', 'found'],
  },
];

const STATES: readonly HttpCase[] = [
  {
    title: 'a person of another organization',
    send: ({ foreignPersonId }) => ({ method: 'GET', path: `/v1/people/${foreignPersonId}` }),
    code: '404 not_found',
    says: ['There is no person with the id per_'],
  },
  {
    title: 'a person put under a node of another organization',
    send: ({ foreignNodeId }) => ({
      path: '/v1/people',
      body: { display_name: 'Ana', node_id: foreignNodeId },
    }),
    code: '404 not_found',
    says: ['There is no node with the id nod_'],
  },
  {
    title: 'a reference that somebody has already',
    send: { path: '/v1/people', body: { display_name: 'Second', external_ref: 'taken-1' } },
    code: '409 already_exists',
    says: ['/external_ref', 'Expected a reference that no other person of the organization has'],
  },
  {
    title: 'a change without the version it was made for',
    send: ({ personId }) => ({
      method: 'PATCH',
      path: `/v1/people/${personId}`,
      body: { display_name: 'Other' },
    }),
    code: '428 version_required',
    says: ['Expected the ETag', 'If-Match', 'found none'],
  },
  {
    title: 'a change of a version that is gone',
    send: ({ personId }) => ({
      method: 'PATCH',
      path: `/v1/people/${personId}`,
      headers: { 'if-match': '"7"' },
      body: { display_name: 'Other' },
    }),
    code: '412 version_mismatch',
    says: ['7', '1'],
  },
  {
    title: 'an If-Match that is no ETag of ours',
    send: ({ personId }) => ({
      method: 'PATCH',
      path: `/v1/people/${personId}`,
      headers: { 'if-match': 'W/"abc"' },
      body: { display_name: 'Other' },
    }),
    code: '400 invalid_request',
    says: ['If-Match', 'Expected', 'found'],
  },
  {
    title: 'an Idempotency-Key used again with another body',
    send: async (stage) => {
      const key = stage.spentIdempotencyKey;
      return {
        path: '/v1/people',
        headers: { 'idempotency-key': key },
        body: { display_name: 'Another body' },
      };
    },
    code: '422 idempotency_key_reused',
    says: ['Idempotency-Key'],
  },
  {
    title: 'an Idempotency-Key of 300 characters',
    send: {
      path: '/v1/people',
      headers: { 'idempotency-key': 'k'.repeat(300) },
      body: { display_name: 'Ana' },
    },
    code: '400 invalid_request',
    says: ['Expected an Idempotency-Key of 1 to', 'found 300 characters'],
  },
  {
    title: 'a page of zero rows',
    send: { method: 'GET', path: '/v1/people?limit=0' },
    code: '400 invalid_request',
    says: ['/query/limit', 'Expected an integer from 1 to 200', 'found "0"'],
  },
  {
    title: 'a cursor that nobody was given',
    send: {
      method: 'GET',
      path: `/v1/people?cursor=${Buffer.alloc(40, 9).toString('base64url')}`,
    },
    code: '400 invalid_cursor',
    says: ['Expected', 'cursor'],
  },
  {
    title: 'a filter given twice',
    send: { method: 'GET', path: '/v1/people?external_ref=a&external_ref=b' },
    code: '400 invalid_request',
    says: ['/query/external_ref', 'Expected this parameter once', 'found it more than once'],
  },
  {
    title: 'a NUL in a filter',
    send: { method: 'GET', path: '/v1/people?external_ref=a%00b' },
    code: '400 invalid_request',
    says: ['/query/external_ref', 'Expected text without NUL characters', 'found one'],
  },
  {
    title: 'a NUL in an id',
    send: { method: 'GET', path: '/v1/people/per_%00' },
    code: '400 invalid_request',
    says: ['/path/person_id', 'Expected text without NUL characters', 'found one'],
  },
  {
    title: 'a filter that does not exist',
    send: { method: 'GET', path: '/v1/people?name=Ana' },
    code: '400 invalid_request',
    says: ['/query/name', 'Expected', 'found'],
  },
  {
    title: 'a key that asks for an action nobody knows',
    send: ({ nodeId }) => ({
      path: '/v1/api-keys',
      body: { name: 'k', node_id: nodeId, scopes: ['person.delete'] },
    }),
    code: '422 validation_failed',
    says: ['/scopes/0', 'Expected', 'found "person.delete"'],
  },
  {
    title: 'a key with fewer actions that does what it may not',
    send: async (stage) => ({
      path: '/v1/people',
      key: stage.readOnlyKey,
      body: { display_name: 'Ana' },
    }),
    code: '403 forbidden',
    says: ['person.create'],
  },
];

export const HTTP_CASES: readonly BadCase[] = [...ENVELOPES, ...BODIES, ...STATES].map(
  ({ title, send, code, says }, index) => ({
    id: `http-${String(index + 1).padStart(2, '0')}`,
    edge: 'http' as const,
    title,
    send: async (stage) => ask(stage, typeof send === 'function' ? await send(stage) : send),
    expect: { code, says },
  }),
);

/** What the cases above lean on; made before the first checksum. */
export async function prepareHttp(
  stage: Omit<Stage, 'personId' | 'spentIdempotencyKey' | 'readOnlyKey'>,
): Promise<Pick<Stage, 'personId' | 'spentIdempotencyKey' | 'readOnlyKey'>> {
  const spentIdempotencyKey = randomBytes(12).toString('hex');
  const made = async (request: BadRequest): Promise<Record<string, string>> => {
    const response = await requestOf(stage as Stage, request);
    if (response.status !== 201) throw new Error(`${response.status}: ${response.text}`);
    return response.json() as Record<string, string>;
  };
  const person = await made({
    path: '/v1/people',
    headers: { 'idempotency-key': spentIdempotencyKey },
    body: { display_name: 'First', external_ref: 'taken-1' },
  });
  const key = await made({
    path: '/v1/api-keys',
    body: { name: 'reader', node_id: stage.nodeId, scopes: ['person.read'] },
  });
  return {
    personId: String(person['id']),
    spentIdempotencyKey,
    readOnlyKey: String(key['secret']),
  };
}

function consent(): Record<string, string> {
  return {
    purpose: 'biometric_identification',
    text_version: '2026-11/en',
    method: 'signature',
    given_at: '2026-11-20T09:00:00Z',
  };
}
