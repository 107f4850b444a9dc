import { afterEach, describe, expect, test } from '@jest/globals';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boundTo } from '../../../server/platform/crypto/bytes.ts';
import { openKekFile } from '../../../server/platform/crypto/kek-file.ts';
import { SealBrokenError } from '../../../server/platform/crypto/key-wrap.ts';
import { createTestWorld } from '../../support/world.ts';

const folders: string[] = [];
const world = createTestWorld();
const key = Buffer.alloc(32, 9);
const aad = boundTo('org-key/v1', 'org_a', 'okk_a', '1');

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-kek-'));
  folders.push(folder);
  return join(folder, 'inside', 'keys.json');
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('the file of root keys', () => {
  test('is made at the first start, for its owner alone, and leaves nothing beside it', () => {
    const file = place();
    openKekFile(file, world);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(file, '..'))).toEqual(['keys.json']);
  });

  test('opens after a restart what it wrapped before', async () => {
    const file = place();
    const wrapped = await openKekFile(file, world).wrap(key, aad);
    expect(await openKekFile(file, world).unwrap(wrapped, aad)).toEqual(key);
  });

  test('wraps under the new key after a rotation, and still opens the old', async () => {
    const file = place();
    const kek = openKekFile(file, world);
    const before = await kek.wrap(key, aad);
    const kid = await kek.newVersion();
    const after = await kek.wrap(key, aad);
    expect(after.kid).toBe(kid);
    expect(after.kid).not.toBe(before.kid);
    const reopened = openKekFile(file, world);
    expect(await reopened.unwrap(before, aad)).toEqual(key);
    expect(await reopened.unwrap(after, aad)).toEqual(key);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('does not open a key for another purpose', async () => {
    const kek = openKekFile(place(), world);
    const wrapped = await kek.wrap(key, aad);
    const other = boundTo('org-key/v1', 'org_b', 'okk_a', '1');
    await expect(kek.unwrap(wrapped, other)).rejects.toThrow(SealBrokenError);
  });

  test('says sealed when it does not hold the root key', async () => {
    const wrapped = await openKekFile(place(), world).wrap(key, aad);
    const stranger = openKekFile(place(), world);
    await expect(stranger.unwrap(wrapped, aad)).rejects.toMatchObject({ code: 'sealed' });
  });

  test.each([
    [0o640, '0640'],
    [0o604, '0604'],
    [0o660, '0660'],
  ])('is refused when others may read it (%o)', (mode, found) => {
    const file = place();
    openKekFile(file, world);
    chmodSync(file, mode);
    expect(() => openKekFile(file, world)).toThrow(
      `expected mode 0600 (its owner alone), found ${found}`,
    );
  });

  test.each([
    ['', 'text that is not JSON'],
    ['{"format":"sallyport-keys/2","keys":[]}', 'the format "sallyport-keys/2"'],
    ['{"format":"sallyport-keys/1","keys":[]}', 'no list of whole keys'],
    ['{"format":"sallyport-keys/1","keys":[{"kid":"a","secret":"AAAA"}]}', 'no list of whole keys'],
  ])('is refused, and not overwritten, when it holds %j', (content, found) => {
    const file = place();
    openKekFile(file, world);
    writeFileSync(file, content);
    expect(() => openKekFile(file, world)).toThrow(`found ${found}`);
    expect(readFileSync(file, 'utf8')).toBe(content);
  });
});
