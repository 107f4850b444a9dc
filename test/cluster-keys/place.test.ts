import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KEY_FILES, makeKeyFiles } from '../../server/cluster-keys/key-files.ts';
import { type KeyFolders, placeKeys } from '../../server/cluster-keys/place.ts';
import { openKekFile } from '../../server/platform/crypto/kek-file.ts';
import { realWorld } from '../../server/real-world.ts';

let root: string;
let folders: KeyFolders;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sallyport-place-'));
  folders = { from: join(root, 'from'), keys: join(root, 'keys'), gateway: join(root, 'gateway') };
  for (const folder of Object.values(folders) as string[]) mkdirSync(folder);
  for (const [name, text] of Object.entries(makeKeyFiles(realWorld(), 'live'))) {
    writeFileSync(join(folders.from, name), text);
    chmodSync(join(folders.from, name), 0o444);
  }
});

afterEach(() => rmSync(root, { recursive: true }));

describe('placing the keys', () => {
  test('gives the server files that it accepts, the same ones each time', () => {
    placeKeys(folders);
    placeKeys(folders);
    expect(openKekFile(join(folders.keys, 'keys.json'), realWorld())).toBeDefined();
    expect(readdirSync(folders.keys).toSorted()).toEqual(['bootstrap-api-key', 'keys.json']);
    expect(readdirSync(folders.gateway)).toEqual(['authority.pem']);
    const placed = join(folders.gateway, 'authority.pem');
    expect(readFileSync(placed, 'utf8')).toBe(
      readFileSync(join(folders.from, 'authority.pem'), 'utf8'),
    );
    expect(statSync(placed).mode & 0o777).toBe(0o600);
  });

  test.each(KEY_FILES)('without %s nothing is placed and the missing one is named', (name) => {
    rmSync(join(folders.from, name));
    expect(() => placeKeys(folders)).toThrow(`found none called ${name}`);
    expect([...readdirSync(folders.keys), ...readdirSync(folders.gateway)]).toEqual([]);
  });
});

describe('making the key files', () => {
  test('draws new ones each time and leaves none on the disk', () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('sallyport-keys-'));
    const [one, other] = [makeKeyFiles(realWorld(), 'live'), makeKeyFiles(realWorld(), 'live')];
    for (const name of KEY_FILES) expect(one[name]).not.toBe(other[name]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('sallyport-keys-'))).toEqual(
      before,
    );
  });
});
