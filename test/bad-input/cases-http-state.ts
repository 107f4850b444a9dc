// Requests that are well made and wrong for what is there: another organization's, an older version, a
// spent key, a place in a list that is none.

import type { HttpCase } from './http-case.ts';

export const STATES: readonly HttpCase[] = [
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
