// Canonical JSON of docs/device-protocol.md §3, written from that page. Throws on what has no such form:
// the terminal only ever signs what it made itself.

export function canonical(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Error(`Not canonical: ${value} is no integer.`);
    return String(value);
  }
  if (typeof value === 'string') {
    if (!/^[\x20-\x7e]*$/.test(value) || /["\\]/.test(value))
      throw new Error('Not canonical: a text needs escaping.');
    return `"${value}"`;
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const object = value as Record<string, unknown>;
  const members = Object.keys(object).toSorted();
  return `{${members.map((key) => `"${key}":${canonical(object[key])}`).join(',')}}`;
}
