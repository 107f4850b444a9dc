import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { canonicalJson, expiryWarning, keyIdOf, verifyTrustRoot } from '../../config/trust-root.ts';
import { ROOT } from '../support/spawn-appliance.ts';

const OURS = `${ROOT}/config/trust/root.json`;

/** Laid down as an install does it; `change` comes before the digest is pinned. */
function laidDown(change: (text: string) => string = (text) => text): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-trust-'));
  const file = join(folder, 'root.json');
  const text = change(readFileSync(OURS, 'utf8'));
  writeFileSync(file, text);
  writeFileSync(
    join(folder, 'root.sha256'),
    `${createHash('sha256').update(text).digest('hex')}\n`,
  );
  return file;
}

interface Root {
  signatures: unknown;
  signed: {
    expires: unknown;
    version: unknown;
    keys: Record<string, { scheme: string; keyval: { public: string } }>;
    roles: Record<string, { keyids: string[]; threshold?: unknown }> & {
      root: { keyids: string[]; threshold?: unknown };
    };
  };
}

const MALFORMED: readonly [string, (root: Root) => void, RegExp][] = [
  ['a threshold of 0', ({ signed }) => (signed.roles.root.threshold = 0), /roles\.root\.threshold/],
  ['no threshold', ({ signed }) => delete signed.roles.root.threshold, /roles\.root\.threshold/],
  ['half a threshold', ({ signed }) => (signed.roles.root.threshold = 1.5), /roles\.root\.thresh/],
  ['a threshold in words', ({ signed }) => (signed.roles.root.threshold = '2'), /root\.threshold/],
  ['one beyond its keys', ({ signed }) => (signed.roles.root.threshold = 99), /threshold of 99/],
  ['no root keys', ({ signed }) => (signed.roles.root.keyids = []), /roles\.root\.keyids/],
  [
    'a key id said twice',
    ({ signed }) => signed.roles.root.keyids.push(signed.roles.root.keyids[0] ?? ''),
    /key ids for \d+ keys/,
  ],
  ['an unknown key', ({ signed }) => signed.roles.root.keyids.push('0'.repeat(64)), /not among/],
  ['no role', (root) => (root.signed.roles = {} as Root['signed']['roles']), /roles\.root/],
  [
    'an unknown scheme',
    ({ signed }) => Object.values(signed.keys).forEach((key) => (key.scheme = 'none')),
    /scheme/,
  ],
  ['signatures of another type', (root) => (root.signatures = { length: 2 }), /signatures/],
  ['a date in words', ({ signed }) => (signed.expires = 'never'), /signed\.expires/],
  ['no version', ({ signed }) => (signed.version = null), /signed\.version/],
];

describe('the trust root', () => {
  test('of the development line is signed by its own keys', () => {
    expect(verifyTrustRoot(laidDown()).signed['x-release-line']).toBe('development');
  });

  test('changed after it was pinned is refused, with both digests', () => {
    const file = laidDown();
    const pinned = readFileSync(file.replace('.json', '.sha256'), 'utf8').trim();
    writeFileSync(file, `${readFileSync(file, 'utf8')} `);
    expect(() => verifyTrustRoot(file)).toThrow(pinned);
  });

  test('changed together with its pin is refused by its signatures', () => {
    const file = laidDown((text) => text.replace('"version": 1', '"version": 2'));
    expect(() => verifyTrustRoot(file)).toThrow(
      'expected 2 signatures of its own root keys, found 0',
    );
  });

  test('one good signature said twice counts once', () => {
    const file = laidDown((text) => {
      const root = JSON.parse(text) as { signatures: unknown[] };
      return JSON.stringify({ ...root, signatures: [root.signatures[0], root.signatures[0]] });
    });
    expect(() => verifyTrustRoot(file)).toThrow('expected 2 signatures');
  });

  test('without its digest, or not there, is refused', () => {
    const file = laidDown();
    rmSync(file.replace('.json', '.sha256'));
    expect(() => verifyTrustRoot(file)).toThrow('expected its digest');
    rmSync(file);
    expect(() => verifyTrustRoot(file)).toThrow('expected a file, found none');
  });

  test('that is something else is refused', () => {
    const file = laidDown(() => '{}');
    expect(() => verifyTrustRoot(file)).toThrow('expected the root metadata of a release line');
    const text = laidDown(() => 'no JSON');
    expect(() => verifyTrustRoot(text)).toThrow('expected the root metadata of a release line');
  });

  test.each(MALFORMED)('with %s is refused, whoever signed it', (_what, change, says) => {
    const file = laidDown((text) => {
      const root = JSON.parse(text) as Root;
      change(root);
      return JSON.stringify(root);
    });
    expect(() => verifyTrustRoot(file)).toThrow(says);
    expect(() => verifyTrustRoot(file)).toThrow('expected the root metadata of a release line');
  });

  test('signed by a key that it does not name for roots is refused', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
    const key = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw } };
    const file = laidDown((text) => {
      const root = JSON.parse(text) as Root;
      root.signed.keys[keyIdOf(key)] = key;
      root.signed.roles['root'].threshold = 1;
      const sig = sign(null, Buffer.from(canonicalJson(root.signed)), privateKey).toString('hex');
      return JSON.stringify({ ...root, signatures: [{ keyid: keyIdOf(key), sig }] });
    });
    expect(() => verifyTrustRoot(file)).toThrow(
      'expected 1 signatures of its own root keys, found 0',
    );
  });

  test('that has expired is warned of, not refused', () => {
    const root = verifyTrustRoot(laidDown());
    const at = Date.parse(root.signed.expires);
    expect(expiryWarning(root, at - 1)).toBeNull();
    expect(expiryWarning(root, at + 1)).toContain(`expired at ${root.signed.expires}`);
  });

  test('no private key lies beside it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-trust-'));
    copyFileSync(OURS, join(folder, 'root.json'));
    expect(readFileSync(OURS, 'utf8')).not.toMatch(/PRIVATE|secret/i);
  });
});

test('canonical JSON sorts names and escapes two characters only', () => {
  expect(canonicalJson({ b: [1, true, null], a: 'x"\\\n' })).toBe(
    '{"a":"x\\"\\\\\n","b":[1,true,null]}',
  );
  expect(() => canonicalJson(1.5)).toThrow('expected a whole number, found 1.5');
});
