// Wrong requests to the REST API: credentials, envelopes, bodies and fields here, then those that are wrong
// for what is there (cases-http-state.ts).

import type { BadCase } from './bad-case.ts';
import { STATES } from './cases-http-state.ts';
import type { HttpCase } from './http-case.ts';
import { ask } from './send-http.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

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

export const HTTP_CASES: readonly BadCase[] = [...ENVELOPES, ...BODIES, ...STATES].map(
  ({ title, send, code, says }, index) => ({
    id: `http-${String(index + 1).padStart(2, '0')}`,
    edge: 'http' as const,
    title,
    send: async (stage) => ask(stage, typeof send === 'function' ? await send(stage) : send),
    expect: { code, says },
  }),
);

function consent(): Record<string, string> {
  return {
    purpose: 'biometric_identification',
    text_version: '2026-11/en',
    method: 'signature',
    given_at: '2026-11-20T09:00:00Z',
  };
}
