// Root keys in a file of their owner's alone. Made at the first start; a file that others may read is
// refused, and so is a damaged one: it is never overwritten, because what it wrapped would be lost.

import { hkdfSync } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { World } from '../../shared/world.ts';
import { toRfc3339 } from '../../shared/instant.ts';
import { AppError } from '../../shared/errors.ts';
import { KEY_BYTES, newKey, unwrapKey, wrapKey } from './key-wrap.ts';
import type { KekProvider } from './kek.ts';

interface StoredKey {
  kid: string;
  created_at: string;
  secret: string;
}

interface KeyFile {
  format: typeof FORMAT;
  /** The last one wraps; all of them unwrap. */
  keys: StoredKey[];
}

const FORMAT = 'sallyport-keys/1';
const OTHERS_MASK = 0o077;

export function openKekFile(file: string, world: Pick<World, 'clock' | 'random'>): KekProvider {
  let keys = readOrCreate(file, world);
  const secretOf = (kid: string): Buffer => {
    const found = keys.keys.find((key) => key.kid === kid);
    if (found === undefined) {
      throw new AppError(
        'sealed',
        'The key file does not hold the root key of this organization.',
        {
          privateDetail: `expected the root key ${kid}, found ${keys.keys.map((key) => key.kid).join(', ')}`,
        },
      );
    }
    return Buffer.from(found.secret, 'base64');
  };
  return {
    wrap: async (key, aad) => {
      const { kid } = newest(keys);
      return { kid, wrapped: wrapKey({ under: secretOf(kid), key, aad, random: world.random }) };
    },
    unwrap: async ({ kid, wrapped }, aad) => unwrapKey({ under: secretOf(kid), wrapped, aad }),
    // From the oldest key, so that adding one does not end what was signed before.
    derive: async (purpose) =>
      Buffer.from(
        hkdfSync(
          'sha256',
          secretOf(keys.keys[0]?.kid ?? ''),
          '',
          `sallyport/${purpose}`,
          KEY_BYTES,
        ),
      ),
    newVersion: async () => {
      // Another process may have added one since: what is in the file is the truth.
      const next = { ...readKeyFile(file) };
      next.keys = [...next.keys, makeKey(world)];
      writeWhole(file, next, renameSync);
      keys = next;
      return newest(keys).kid;
    },
    health: async () => ({ ok: true, detail: `file, ${keys.keys.length} root key(s)` }),
  };
}

function readOrCreate(file: string, world: Pick<World, 'clock' | 'random'>): KeyFile {
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return readKeyFile(file);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    // A link never replaces: of two first starts one wins, and the other reads the winner's file.
    writeWhole(file, { format: FORMAT, keys: [makeKey(world)] }, (from, to) => {
      linkSync(from, to);
      rmSync(from);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readKeyFile(file);
}

function readKeyFile(file: string): KeyFile {
  const mode = statSync(file).mode & 0o777;
  if (process.platform !== 'win32' && (mode & OTHERS_MASK) !== 0) {
    throw new Error(
      `The key file ${file}: expected mode 0600 (its owner alone), found 0${mode.toString(8)}. ` +
        'Run chmod 600 on it, and change the keys if others may have read it.',
    );
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw damaged(file, 'text that is not JSON');
  }
  const { format, keys } = (parsed ?? {}) as Partial<KeyFile>;
  if (format !== FORMAT) throw damaged(file, `the format ${JSON.stringify(format ?? null)}`);
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isStoredKey)) {
    throw damaged(file, 'no list of whole keys');
  }
  return { format, keys };
}

function isStoredKey(key: Partial<StoredKey> | null): boolean {
  return (
    typeof key?.kid === 'string' &&
    typeof key.secret === 'string' &&
    Buffer.from(key.secret, 'base64').length === KEY_BYTES
  );
}

function damaged(file: string, found: string): Error {
  return new Error(
    `The key file ${file}: expected ${FORMAT} with at least one 256-bit key, found ${found}. ` +
      'Restore it from its backup; a new file cannot open what the old one sealed.',
  );
}

function newest(file: KeyFile): StoredKey {
  const last = file.keys.at(-1);
  if (last === undefined) throw new Error('Invariant broken: the key file holds no key');
  return last;
}

function makeKey({ clock, random }: Pick<World, 'clock' | 'random'>): StoredKey {
  return {
    kid: `root_${Buffer.from(random.bytes(8)).toString('hex')}`,
    created_at: toRfc3339(clock.now()),
    secret: newKey(random).toString('base64'),
  };
}

/** On the disk before anything is wrapped under it: bytes, then name, then folder. */
function writeWhole(
  file: string,
  content: KeyFile,
  moveInPlace: (from: string, to: string) => void,
): void {
  const temporary = `${file}.${process.pid}.new`;
  rmSync(temporary, { force: true });
  const handle = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(handle, `${JSON.stringify(content, null, 2)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  try {
    moveInPlace(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
  const folder = openSync(dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
