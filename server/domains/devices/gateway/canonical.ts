// Canonical JSON of docs/device-protocol.md §3: RFC 8785 cut down until no two implementations can
// differ. What does not fit is not canonical, and answers null.

const KEY = /^[a-z0-9_]{1,32}$/;
const TEXT = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/; // printable ASCII without " and \
const DEPTH_MAX = 4;

export function canonical(value: unknown, depth = 1): string | null {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : null;
  if (typeof value === 'string') return TEXT.test(value) ? `"${value}"` : null;
  if (typeof value !== 'object' || depth > DEPTH_MAX) return null;
  return Array.isArray(value)
    ? joined(
        '[]',
        value.map((item) => canonical(item, depth + 1)),
      )
    : joined('{}', members(value as Record<string, unknown>, depth));
}

function members(object: Record<string, unknown>, depth: number): (string | null)[] {
  return Object.keys(object)
    .toSorted() // ASCII only: the order of code units is the order of bytes
    .map((key) => {
      const value = KEY.test(key) ? canonical(object[key], depth + 1) : null;
      return value === null ? null : `"${key}":${value}`;
    });
}

function joined(brackets: '[]' | '{}', parts: readonly (string | null)[]): string | null {
  return parts.includes(null) ? null : `${brackets[0]}${parts.join(',')}${brackets[1]}`;
}
