// Around the lines: zstd, then age. Streams both ways, so the size of the database does not matter. Whoever
// holds none of the identities reads nothing; a changed or missing byte ends the reading with an error.

import { readFileSync } from 'node:fs';
import { type Readable, pipeline, Readable as NodeReadable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { Decrypter, Encrypter } from 'age-encryption';
import { ExitError } from '../exit-codes.ts';

/** Who will be able to read it: holders of keys, or whoever knows the passphrase. */
export type Readers = { recipients: readonly string[] } | { passphrase: string };
export type Credential = { identities: readonly string[] } | { passphrase: string };

const ZSTD_LEVEL = 3;
const PASSPHRASE_LENGTH_MIN = 12;

export async function seal(plain: Readable, readers: Readers): Promise<Readable> {
  const encrypter = encrypterFor(readers);
  const params = {
    [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL,
    [constants.ZSTD_c_checksumFlag]: 1,
  };
  const packed = pipeline(plain, createZstdCompress({ params }), () => undefined);
  return fromWeb(await encrypter.encrypt(toWeb(packed)));
}

/** @throws ExitError when no credential opens it; its stream fails when bytes were changed or are missing. */
export async function open(sealed: Readable, credential: Credential): Promise<Readable> {
  const decrypter = new Decrypter();
  if ('passphrase' in credential) decrypter.addPassphrase(credential.passphrase);
  else for (const identity of credential.identities) decrypter.addIdentity(identity);
  let packed: ReadableStream<Uint8Array>;
  try {
    packed = await decrypter.decrypt(toWeb(sealed));
  } catch (error) {
    sealed.destroy();
    throw new ExitError('badInput', `The backup does not open: ${openingFault(error)}`, {
      cause: error,
    });
  }
  return pipeline(fromWeb(packed), createZstdDecompress(), () => undefined);
}

/** One `age1…` per line, `#` begins a comment: what `sallyport backup keygen` and age-keygen write. */
export function readIdentities(file: string): Credential {
  const lines = meaningfulLines(file, 'identity file');
  const wrong = lines.findIndex((line) => !line.startsWith('AGE-SECRET-KEY-'));
  if (lines.length === 0 || wrong >= 0) {
    throw new ExitError(
      'badInput',
      `${file}: expected identities, one AGE-SECRET-KEY-… per line, found ${lines.length === 0 ? 'none' : `another text as number ${wrong + 1}`}.`,
    );
  }
  return { identities: lines };
}

export function readPassphrase(file: string): { passphrase: string } {
  const [passphrase, more] = meaningfulLines(file, 'passphrase file');
  if (passphrase === undefined || more !== undefined || passphrase.length < PASSPHRASE_LENGTH_MIN) {
    throw new ExitError(
      'badInput',
      `${file}: expected one line of at least ${PASSPHRASE_LENGTH_MIN} characters, found ${passphrase === undefined ? 'none' : more === undefined ? 'a shorter one' : 'several lines'}.`,
    );
  }
  return { passphrase };
}

function meaningfulLines(file: string, what: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ExitError(
      'badInput',
      `${file}: expected a readable ${what}, found ${(error as NodeJS.ErrnoException).code ?? 'an error'}.`,
    );
  }
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

function encrypterFor(readers: Readers): Encrypter {
  const encrypter = new Encrypter();
  if ('passphrase' in readers) {
    encrypter.setPassphrase(readers.passphrase);
    return encrypter;
  }
  for (const recipient of readers.recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (error) {
      throw new ExitError(
        'badInput',
        `--recipient: expected an age public key (age1…), found ${JSON.stringify(recipient)}.`,
        { cause: error },
      );
    }
  }
  return encrypter;
}

function openingFault(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return /identit|passphrase|recipient/i.test(said)
    ? 'it was made for other recipients, or the passphrase is another.'
    : `expected a file made by sallyport backup (age), found something else (${said}).`;
}

function toWeb(stream: Readable): ReadableStream<Uint8Array> {
  return NodeReadable.toWeb(stream);
}

function fromWeb(stream: unknown): Readable {
  return NodeReadable.fromWeb(stream as WebStream<Uint8Array>);
}
