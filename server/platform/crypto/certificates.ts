// Certificates of the appliance's own authority (RFC 5280): a self-signed P-256 root that may sign leaves
// only, and leaves for a gateway's names. Pure but for key generation; files are appliance-authority.ts.

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import type { Instant } from '../../shared/world.ts';
import * as der from './der.ts';

export interface CertificateAndKey {
  certPem: string;
  keyPem: string;
}

interface Times {
  notBefore: Instant;
  notAfter: Instant;
}

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  subjectKeyIdentifier: '2.5.29.14',
  authorityKeyIdentifier: '2.5.29.35',
  subjectAlternativeName: '2.5.29.17',
} as const;

const ALGORITHM = der.sequence(der.oid(OID.ecdsaWithSha256));
/** Bits 5 and 6 (keyCertSign, cRLSign), and bit 0 (digitalSignature). */
const SIGNS_CERTIFICATES = der.bitString(Buffer.from([0x06]), 1);
const SIGNS_HANDSHAKES = der.bitString(Buffer.from([0x80]), 7);

export function makeAuthority(
  wanted: Times & { name: string; serial: Uint8Array },
): CertificateAndKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyId = keyIdentifier(publicKey);
  const certificate = signCertificate({
    ...wanted,
    issuer: wanted.name,
    subject: wanted.name,
    publicKey,
    signer: privateKey,
    extensions: [
      extension(OID.basicConstraints, true, der.sequence(der.boolean(true), der.integer(ZERO))),
      extension(OID.keyUsage, true, SIGNS_CERTIFICATES),
      extension(OID.subjectKeyIdentifier, false, der.octetString(keyId)),
    ],
  });
  return { certPem: toPem(certificate), keyPem: privatePem(privateKey) };
}

/** The chain is the leaf followed by its authority, so that a device with only the pin sees both. */
export function makeLeaf(
  authority: CertificateAndKey,
  wanted: Times & { names: readonly string[]; serial: Uint8Array },
): CertificateAndKey {
  const signer = createPrivateKey(authority.keyPem);
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const authorityKeyId = keyIdentifier(createPublicKey(authority.keyPem));
  const certificate = signCertificate({
    ...wanted,
    issuer: commonName(new X509Certificate(authority.certPem)),
    subject: 'Sallyport device gateway',
    publicKey,
    signer,
    extensions: [
      extension(OID.basicConstraints, true, der.sequence()),
      extension(OID.keyUsage, true, SIGNS_HANDSHAKES),
      extension(OID.extendedKeyUsage, false, der.sequence(der.oid(OID.serverAuth))),
      extension(OID.subjectKeyIdentifier, false, der.octetString(keyIdentifier(publicKey))),
      extension(OID.authorityKeyIdentifier, false, der.sequence(der.implicit(0, authorityKeyId))),
      extension(OID.subjectAlternativeName, false, der.sequence(...wanted.names.map(generalName))),
    ],
  });
  return { certPem: toPem(certificate) + authority.certPem, keyPem: privatePem(privateKey) };
}

/** Every certificate of a PEM file, in its order. */
export function readChain(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** What a claim code pins: SHA-256 over the SubjectPublicKeyInfo, base64url. */
export function pinOf(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64url');
}

const ZERO = Buffer.from([0]);

interface Body extends Times {
  serial: Uint8Array;
  issuer: string;
  subject: string;
  publicKey: KeyObject;
  signer: KeyObject;
  extensions: readonly der.Der[];
}

function signCertificate(body: Body): der.Der {
  const toBeSigned = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))), // version 3
    der.integer(body.serial),
    ALGORITHM,
    name(body.issuer),
    der.sequence(der.time(body.notBefore), der.time(body.notAfter)),
    name(body.subject),
    body.publicKey.export({ type: 'spki', format: 'der' }),
    der.explicit(3, der.sequence(...body.extensions)),
  );
  return der.sequence(
    toBeSigned,
    ALGORITHM,
    der.bitString(sign('sha256', toBeSigned, body.signer)),
  );
}

function extension(id: string, critical: boolean, value: der.Der): der.Der {
  const flag = critical ? [der.boolean(true)] : [];
  return der.sequence(der.oid(id), ...flag, der.octetString(value));
}

function name(text: string): der.Der {
  return der.sequence(der.set(der.sequence(der.oid(OID.commonName), der.utf8(text))));
}

function generalName(text: string): der.Der {
  if (isIP(text) === 0) return der.implicit(2, Buffer.from(text, 'ascii'));
  return der.implicit(7, addressBytes(text));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  // A URL's parser writes every form of an IPv6 address the same way, without a dotted tail.
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const words = [...before, ...Array.from({ length: zeros }, () => 0), ...after];
  return Buffer.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

/** RFC 7093 §2 method 1: the leftmost 160 bits of SHA-256 of the public key's bits. */
function keyIdentifier(key: KeyObject): Buffer {
  const spki = key.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki.subarray(-65)).digest().subarray(0, 20);
}

function commonName(certificate: X509Certificate): string {
  return /^CN=(.*)$/mu.exec(certificate.subject)?.[1] ?? '';
}

function toPem(certificate: der.Der): string {
  const lines = certificate.toString('base64').match(/.{1,64}/gu) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
