// The trust root that was laid down at install: checked at every start against the digest pinned beside it,
// and by its own signatures. Who can change it could have any release accepted, so a changed one stops the
// server. What the root is for (signed releases) is not here.

import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rootProblem } from './trust-root-shape.ts';

interface RootKey {
  keytype: string;
  scheme: string;
  keyval: { public: string };
}

export interface RootMetadata {
  signatures: { keyid: string; sig: string }[];
  signed: {
    _type: string;
    spec_version: string;
    version: number;
    expires: string;
    consistent_snapshot: boolean;
    keys: Record<string, RootKey>;
    roles: Record<string, { keyids: string[]; threshold: number }>;
    /** Which line of releases it is for: `development`, or a customer's channel. */
    'x-release-line': string;
  };
}

/** SPKI of an Ed25519 key without its 32 bytes (RFC 8410 §4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** @throws Error that says what was expected and what was found. */
export function verifyTrustRoot(file: string): RootMetadata {
  const refuse = (expected: string, found: string): Error =>
    new Error(
      `The trust root ${file}: expected ${expected}, found ${found}. ` +
        'Compare it with the one your vendor gave you and lay that down again before starting.',
    );
  if (!existsSync(file)) throw refuse('a file', 'none');
  const pin = join(dirname(file), 'root.sha256');
  if (!existsSync(pin)) throw refuse(`its digest in ${pin}`, 'no such file');
  const bytes = readFileSync(file);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const pinned = readFileSync(pin, 'utf8').trim();
  if (digest !== pinned) throw refuse(`the digest ${pinned}`, digest);
  const parsed = parse(bytes.toString('utf8'));
  const problem = parsed === null ? 'no JSON' : rootProblem(parsed);
  if (problem !== null) throw refuse('the root metadata of a release line', problem);
  const root = parsed as RootMetadata;
  const threshold = root.signed.roles['root']?.threshold ?? Number.POSITIVE_INFINITY;
  const signatures = goodSignatures(root);
  if (signatures < threshold) {
    throw refuse(`${threshold} signatures of its own root keys`, String(signatures));
  }
  return root;
}

/** For the log at start: what it is for still works, and a new root is due. */
export function expiryWarning({ signed }: RootMetadata, nowMs: number): string | null {
  return Date.parse(signed.expires) > nowMs
    ? null
    : `The trust root of the line ${signed['x-release-line']} expired at ${signed.expires}: ask your vendor for the next one.`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not JSON: the caller says so.
    return null;
  }
}

/** Distinct keys of the root role whose signature holds. */
function goodSignatures({ signatures, signed }: RootMetadata): number {
  const bytes = Buffer.from(canonicalJson(signed));
  const good = signatures.filter(({ keyid, sig }) => {
    const key = signed.keys[keyid];
    if (key === undefined || !(signed.roles['root']?.keyids.includes(keyid) ?? false)) return false;
    if (keyIdOf(key) !== keyid || key.scheme !== 'ed25519') return false;
    return verify(null, bytes, publicKeyOf(key), Buffer.from(sig, 'hex'));
  });
  return new Set(good.map(({ keyid }) => signed.keys[keyid]?.keyval.public)).size;
}

/** TUF 4.2: the digest of the key's canonical JSON. */
export function keyIdOf({ keytype, scheme, keyval }: RootKey): string {
  return createHash('sha256').update(canonicalJson({ keytype, scheme, keyval })).digest('hex');
}

function publicKeyOf({ keyval }: RootKey): ReturnType<typeof createPublicKey> {
  const der = Buffer.concat([SPKI_PREFIX, Buffer.from(keyval.public, 'hex')]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

/** OLPC canonical JSON: sorted names, no spaces, only \ and " escaped; whole numbers only. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'string') return `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  if (typeof value === 'object' && value !== null) {
    const group = value as Record<string, unknown>;
    const pairs = Object.keys(group)
      .toSorted()
      .map((name) => `${canonicalJson(name)}:${canonicalJson(group[name])}`);
    return `{${pairs.join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new Error(`canonical JSON: expected a whole number, found ${value}`);
  }
  return String(value);
}
