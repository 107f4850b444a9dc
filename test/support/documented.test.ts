import { describe, expect, test } from '@jest/globals';
import { requireDocumented } from './documented.ts';

const document = {
  paths: {
    '/v1/things/{thing_id}': {
      get: {
        operationId: 'getThing',
        responses: {
          200: { description: 'As asked.' },
          404: { description: '`not_found`: There is nothing here.' },
        },
      },
    },
    '/v1/things/newest': {
      get: { operationId: 'getNewest', responses: { 200: { description: 'As asked.' } } },
    },
  },
};

const answered = (method: string, path: string, status: number, code?: string): void =>
  requireDocumented(
    document,
    { method, path },
    {
      status,
      headers: code === undefined ? {} : { 'content-type': 'application/problem+json' },
      text: code === undefined ? '' : JSON.stringify({ code }),
    },
  );

describe('an answer held against the document', () => {
  test('passes with a status and a code that are written there, a HEAD as the GET', () => {
    answered('GET', '/v1/things/1?limit=2', 200);
    answered('HEAD', '/v1/things/1', 404);
    answered('GET', '/v1/things/1', 404, 'not_found');
  });

  test('fails with a status that is not', () => {
    expect(() => answered('GET', '/v1/things/1', 401, 'signature_invalid')).toThrow(
      'getThing answered 401, documented are 200, 404',
    );
  });

  test('fails with another code of a status that is', () => {
    expect(() => answered('GET', '/v1/things/1', 404, 'not_there')).toThrow(
      'getThing answered 404 not_there, documented is: `not_found`',
    );
  });

  test('is held against the path without parameters, where there is one', () => {
    expect(() => answered('GET', '/v1/things/newest', 404, 'not_found')).toThrow('getNewest');
  });

  test('is nothing to the document when no operation was asked', () => {
    answered('GET', '/v1/things/1/parts', 404, 'not_found');
    answered('DELETE', '/v1/things/1', 405, 'method_not_allowed');
  });
});
