// Keeps card numbers out (PCI DSS: what we never hold, nobody can take from us). Finds digits that could
// be one: 13 to 19 of them, a scheme's first digits and length, and the Luhn checksum.

/** Anything nested deeper is nobody's honest request, and would burden every walk over it. */
export const JSON_DEPTH_MAX = 32;

const RUN_OF_DIGITS = /(?<![0-9.])[2-6](?:[ -]?[0-9]){12,18}(?![0-9])/g;
/** UUIDs and long hexadecimal ids: by chance one in some thousand holds the digits of a card. */
const IDENTIFIER =
  /(?<![0-9a-z])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[0-9]*[a-f])[0-9a-f]{24,})(?![0-9a-z])/gi;
/** First digits and lengths of the schemes in use (ISO/IEC 7812 ranges, coarsely). */
const SCHEMES: readonly [RegExp, ReadonlySet<number>][] = [
  [/^4/, new Set([13, 16, 19])],
  [/^(5[1-5]|2[2-7])/, new Set([16])],
  [/^3[47]/, new Set([15])],
  [/^3[0689]/, new Set([14, 16])],
  [/^35/, new Set([16, 17, 18, 19])],
  [/^(5[06-9]|6)/, new Set([13, 14, 15, 16, 17, 18, 19])],
];

export type JsonVerdict =
  | { kind: 'clean' }
  | { kind: 'card'; pointer: string }
  | { kind: 'nul'; pointer: string }
  | { kind: 'too_deep' };

/** Walks a parsed JSON value without recursion; the pointer names the field and never its value. */
export function inspectJson(root: unknown): JsonVerdict {
  const open: { value: unknown; pointer: string; depth: number }[] = [
    { value: root, pointer: '', depth: 0 },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, pointer, depth } = next;
    if (holdsCardNumber(value)) return { kind: 'card', pointer };
    if (holdsNul(value)) return { kind: 'nul', pointer };
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= JSON_DEPTH_MAX) return { kind: 'too_deep' };
    for (const [key, item] of Object.entries(value)) {
      if (holdsCardNumber(key)) return { kind: 'card', pointer };
      if (holdsNul(key)) return { kind: 'nul', pointer };
      const name = key.replaceAll('~', '~0').replaceAll('/', '~1');
      open.push({ value: item, pointer: `${pointer}/${name}`, depth: depth + 1 });
    }
  }
  return { kind: 'clean' };
}

/** Postgres cannot hold it in a text, so it is nowhere a part of one. */
export function holdsNul(value: unknown): boolean {
  return typeof value === 'string' && value.includes('\u0000');
}

export function holdsCardNumber(value: unknown): boolean {
  if (typeof value === 'number') return value >= 1e12 && isCardNumber(String(value));
  if (typeof value !== 'string' || value.length < 13) return false;
  for (const [run] of value.replaceAll(IDENTIFIER, '#').matchAll(RUN_OF_DIGITS)) {
    if (isCardNumber(run.replaceAll(/[ -]/g, ''))) return true;
  }
  return false;
}

function isCardNumber(digits: string): boolean {
  const known = SCHEMES.some(
    ([start, lengths]) => start.test(digits) && lengths.has(digits.length),
  );
  return known && luhn(digits);
}

function luhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
