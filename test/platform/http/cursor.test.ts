import { describe, expect, test } from '@jest/globals';
import { decodeCursor, encodeCursor } from '../../../server/platform/http/cursor.ts';
import { isAppError } from '../../../server/shared/errors.ts';

const key = Buffer.alloc(32, 1);
const binding = { operationId: 'listThings', orgId: 'org_a', filter: { kind: 'x', parent: 'y' } };
const cursor = encodeCursor(key, binding, 'nod_42');

function refused(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    return isAppError(error, 'invalid_cursor');
  }
}

test('a cursor gives back the position it was made for', () => {
  expect(decodeCursor(key, binding, cursor)).toBe('nod_42');
});

test('the order of the filters does not matter', () => {
  expect(decodeCursor(key, { ...binding, filter: { parent: 'y', kind: 'x' } }, cursor)).toBe(
    'nod_42',
  );
});

describe('a cursor is refused', () => {
  test('with other filters, another list, organization or key', () => {
    const others = [
      { ...binding, filter: { kind: 'x' } },
      { ...binding, operationId: 'listOthers' },
      { ...binding, orgId: 'org_b' },
    ];
    for (const other of others) expect(refused(() => decodeCursor(key, other, cursor))).toBe(true);
    expect(refused(() => decodeCursor(Buffer.alloc(32, 2), binding, cursor))).toBe(true);
  });

  test('when any one character of it is changed, added or taken away', () => {
    for (let at = 0; at < cursor.length; at += 1) {
      const other = cursor[at] === 'A' ? 'B' : 'A';
      const bent = cursor.slice(0, at) + other + cursor.slice(at + 1);
      expect(refused(() => decodeCursor(key, binding, bent))).toBe(true);
    }
    expect(refused(() => decodeCursor(key, binding, `${cursor}!`))).toBe(true);
    expect(refused(() => decodeCursor(key, binding, cursor.slice(0, -1)))).toBe(true);
    expect(refused(() => decodeCursor(key, binding, ''))).toBe(true);
  });
});
