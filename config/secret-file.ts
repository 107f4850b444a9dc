// Reads a secret from the file it is mounted in. Its text never gets into a problem or a warning; one
// final line break is not part of it. A file that others on the machine may read gives a warning.

import { openSync, closeSync, fstatSync, readFileSync } from 'node:fs';

const SECRET_BYTES_MAX = 64 * 1024;
const READABLE_BY_OTHERS = 0o004;

export type SecretFile =
  | { readonly ok: true; readonly text: string; readonly warning: string | null }
  | { readonly ok: false; readonly expected: string; readonly found: string };

export function readSecretFile(file: string): SecretFile {
  const expected = `a readable file of 1 to ${SECRET_BYTES_MAX} bytes with the secret`;
  const wrong = (found: string): SecretFile => ({ ok: false, expected, found });
  let handle: number | null = null;
  try {
    handle = openSync(file, 'r');
    const stat = fstatSync(handle);
    if (!stat.isFile()) return wrong(`something else than a file at ${file}`);
    if (stat.size > SECRET_BYTES_MAX) return wrong(`${stat.size} bytes in ${file}`);
    const text = readFileSync(handle, 'utf8').replace(/\r?\n$/, '');
    if (text === '') return wrong(`an empty file ${file}`);
    return { ok: true, text, warning: openness(file, stat.mode) };
  } catch (error) {
    return wrong(fileTrouble(file, error));
  } finally {
    if (handle !== null) closeSync(handle);
  }
}

/** What the system said about a file, in words. */
export function fileTrouble(file: string, error: unknown): string {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  const code = hasCode ? String(error.code) : 'an unknown error';
  if (code === 'ENOENT') return `no file at ${file}`;
  if (code === 'EACCES' || code === 'EPERM') return `no permission to read ${file}`;
  if (code === 'EISDIR') return `a folder at ${file}`;
  return `${code} while reading ${file}`;
}

/** A warning when everybody on the machine may read the file; Windows has no such bits. */
export function openness(file: string, mode: number): string | null {
  if (process.platform === 'win32' || (mode & READABLE_BY_OTHERS) === 0) return null;
  return `${file} holds a secret and everybody on this machine may read it: chmod o-r ${file}`;
}
