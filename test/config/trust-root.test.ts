import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { canonicalJson, verifyTrustRoot } from '../../config/trust-root.ts';
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
