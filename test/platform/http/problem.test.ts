import { describe, expect, test } from '@jest/globals';
import { STATUS_OF_KIND, toProblem } from '../../../server/platform/http/problem.ts';
import { AppError, ERRORS, type ErrorCode } from '../../../server/shared/errors.ts';

const facts = { requestId: 'req_1', commit: 'c0ffee', instance: '/v1/things' };
const codes = Object.keys(ERRORS) as ErrorCode[];

describe('RFC 9457 §3 members', () => {
  test.each(codes)(
    '%s has a document with its code, status, page and how to find the request',
    (code) => {
      const { status, body } = toProblem(new AppError(code, 'Expected a, found b.'), facts);
      expect(status).toBe(STATUS_OF_KIND[ERRORS[code].kind]);
      expect(body).toMatchObject({
        type: `/docs/errors/${code}`,
        title: ERRORS[code].title,
        status,
        detail: 'Expected a, found b.',
        instance: '/v1/things',
        code,
        request_id: 'req_1',
        commit: 'c0ffee',
      });
      expect(typeof body['retryable']).toBe('boolean');
    },
  );

  test('private detail and cause are never in the document', () => {
    const error = new AppError('internal', 'Something failed.', {
      privateDetail: 'secret-detail',
      cause: new Error('secret-cause'),
    });
    expect(JSON.stringify(toProblem(error, facts))).not.toContain('secret');
  });

  test('field problems and dynamic values are members of their own', () => {
    const fields = [
      { pointer: '/name', code: 'missing', detail: 'Expected a string, found nothing.' },
    ];
    const error = new AppError('validation_failed', 'No.', { fields, data: { limit: 3 } });
    expect(toProblem(error, facts).body).toMatchObject({ errors: fields, data: { limit: 3 } });
  });
});

describe('RFC 9110 §10.2.3 Retry-After', () => {
  test('is in whole seconds and never zero where trying again may help', () => {
    const busy = new AppError('idempotency_key_in_use', 'Busy.', { retryAfterMs: 2_400 });
    const down = new AppError('unavailable', 'Down.', { retryAfterMs: 0 });
    expect(toProblem(busy, facts).headers['Retry-After']).toBe('3');
    expect(toProblem(down, facts).headers['Retry-After']).toBe('1');
  });

  test('is absent where trying again cannot help', () => {
    expect(toProblem(new AppError('not_found', 'No.'), facts).headers).toEqual({});
  });
});

test('RFC 9110 §11.6.1: a 401 says how to authenticate', () => {
  const { headers } = toProblem(new AppError('unauthenticated', 'No.'), facts);
  expect(headers['WWW-Authenticate']).toMatch(/^Bearer /);
});
