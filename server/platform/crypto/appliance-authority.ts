// The files of the appliance's own authority and of the gateway's certificate, made at the first start and
// kept (0600). Whoever comes second reads what the first one wrote. The gateway's certificate is made anew
// when two thirds of its life are over or its names changed; terminals pin the authority, so they stay.

import { createPrivateKey, X509Certificate } from 'node:crypto';
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
import { join } from 'node:path';
import { DAY_MS } from '../../shared/instant.ts';
import type { World } from '../../shared/world.ts';
import {
  type CertificateAndKey,
  makeAuthority,
  makeLeaf,
  pinOf,
  readChain,
} from './certificates.ts';

export interface GatewayIdentity extends CertificateAndKey {
  /** What devices trust from their claim on: the last certificate of the chain, PEM. */
  anchorPem: string;
  /** Its SubjectPublicKeyInfo's SHA-256, base64url; part of every claim code. */
  anchorPin: string;
}

export interface AuthoritySettings {
  /** The folder that holds the files; made when missing. */
  folder: string;
  publicNames: readonly string[];
  /** From its making to its end; 397 days, what browsers accept at most, when not said. */
  lifeMs?: number;
}

const AUTHORITY_DAYS = 3_650;
const LEAF_MS = 397 * DAY_MS;
/** Terminals' clocks are often behind. */
const BACKDATE_MS = DAY_MS;

/** From the customer's own files. Throws when the key is not the certificate's. */
export function readGatewayIdentity(certPem: string, keyPem: string): GatewayIdentity {
  const chain = readChain(certPem);
  const [leaf, anchor] = [chain[0], chain.at(-1)];
  if (leaf === undefined || anchor === undefined)
    throw new Error('Expected at least one certificate in PEM, found none.');
  if (!leaf.checkPrivateKey(createPrivateKey(keyPem)))
    throw new Error('Expected the private key of the first certificate, found another one.');
  return { certPem, keyPem, anchorPem: anchor.toString(), anchorPin: pinOf(anchor) };
}

/** Makes what is missing or too old; safe to call from several processes and again at any time. */
export function openGatewayIdentity(
  world: Pick<World, 'clock' | 'random'>,
  settings: AuthoritySettings,
): GatewayIdentity {
  const { folder, publicNames, lifeMs = LEAF_MS } = settings;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const now = world.clock.now();
  const times = (ageMs: number): { notBefore: number; notAfter: number; serial: Uint8Array } => ({
    notBefore: now - BACKDATE_MS,
    notAfter: now + ageMs,
    serial: serialNumber(world),
  });
  const authority = keep(join(folder, 'authority.pem'), () =>
    makeAuthority({ name: 'Sallyport appliance authority', ...times(AUTHORITY_DAYS * DAY_MS) }),
  );
  const file = join(folder, 'gateway.pem');
  const make = (): CertificateAndKey =>
    makeLeaf(authority, { names: publicNames, ...times(lifeMs) });
  const found = keep(file, make);
  const leaf = isFresh(found, { now, publicNames, authority }) ? found : replace(file, make());
  return readGatewayIdentity(leaf.certPem, leaf.keyPem);
}

function isFresh(
  { certPem }: CertificateAndKey,
  wanted: { now: number; publicNames: readonly string[]; authority: CertificateAndKey },
): boolean {
  const [leaf] = readChain(certPem);
  if (leaf === undefined) return false;
  const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  const named = wanted.publicNames.every((name) => leaf.checkHost(name) ?? leaf.checkIP(name));
  const issued = leaf.verify(new X509Certificate(wanted.authority.certPem).publicKey);
  const lifeMs = to - (from + BACKDATE_MS);
  return named && issued && wanted.now < to - lifeMs / 3;
}

/** The first to link the file wins; everybody then reads the same one. */
function keep(file: string, make: () => CertificateAndKey): CertificateAndKey {
  const kept = read(file);
  if (kept !== null) return kept;
  const draft = writeDraft(file, make());
  try {
    linkSync(draft, file);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  } finally {
    rmSync(draft, { force: true });
  }
  const written = read(file);
  if (written === null) throw new Error(`${file} was written and is gone again.`);
  return written;
}

function replace(file: string, made: CertificateAndKey): CertificateAndKey {
  renameSync(writeDraft(file, made), file);
  return made;
}

function writeDraft(file: string, { certPem, keyPem }: CertificateAndKey): string {
  const draft = `${file}.${process.pid}.draft`;
  rmSync(draft, { force: true });
  const handle = openSync(draft, 'wx', 0o600);
  writeSync(handle, certPem + keyPem);
  fsyncSync(handle);
  closeSync(handle);
  return draft;
}

function read(file: string): CertificateAndKey | null {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return null;
  const mode = statSync(file).mode & 0o077;
  if (mode !== 0) {
    throw new Error(
      `${file}: expected a file that only its owner can read (0600), found mode ${(statSync(file).mode & 0o777).toString(8)}.`,
    );
  }
  const pem = readFileSync(file, 'utf8');
  const keyAt = pem.indexOf('-----BEGIN PRIVATE KEY-----');
  if (keyAt < 0) throw new Error(`${file}: expected a private key (PKCS#8, PEM), found none.`);
  return { certPem: pem.slice(0, keyAt), keyPem: pem.slice(keyAt) };
}

/** Positive and unpredictable (RFC 5280 §4.1.2.2). */
function serialNumber({ random }: Pick<World, 'random'>): Uint8Array {
  const bytes = Buffer.from(random.bytes(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}
