// The bytes that a device signs, and verifying them (docs/device-protocol.md §3). Pure. A key or signature
// of the wrong form does not verify; nothing here throws on what a device sends.

import { createHash, createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import type { KeyAlgorithm } from '../device.ts';
import { canonical } from './canonical.ts';

export const EXPORTER = { label: 'EXPORTER-Channel-Binding', bytes: 32 } as const;

export interface SessionBinding {
  nonce: Uint8Array;
  exporter: Uint8Array;
  subprotocol: string;
}

/** `label ‖ nonce ‖ exporter ‖ subprotocol`: what ties a proof to this connection. */
export function sessionBytes(label: string, binding: SessionBinding): Buffer {
  const { nonce, exporter, subprotocol } = binding;
  return Buffer.concat([
    Buffer.from(label, 'ascii'),
    nonce,
    exporter,
    Buffer.from(subprotocol, 'ascii'),
  ]);
}

/** Null when the frame cannot be written canonically. */
export function inputToSign(
  label: string,
  binding: SessionBinding,
  frame: Readonly<Record<string, unknown>>,
): Buffer | null {
  const { sig: _sig, mac: _mac, ...signed } = frame;
  const text = canonical(signed);
  if (text === null) return null;
  return Buffer.concat([sessionBytes(label, binding), Buffer.from(text, 'utf8')]);
}

export interface DeviceKey {
  algorithm: KeyAlgorithm;
  /** Ed25519: 32 bytes; P-256: the uncompressed point, 65 bytes. */
  raw: Buffer;
}

/** Lower-case hex of the first 16 bytes of SHA-256 over the raw key. */
export function keyIdOf(raw: Uint8Array): string {
  return createHash('sha256').update(raw).digest('hex').slice(0, 32);
}

export function verifySignature(key: DeviceKey, input: Uint8Array, signature: Uint8Array): boolean {
  const publicKey = importKey(key);
  if (publicKey === null || signature.length !== 64) return false;
  return key.algorithm === 'Ed25519'
    ? verify(null, input, publicKey, signature)
    : verify('sha256', input, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}

/** Null when the bytes are no key of that kind (wrong length, a point off the curve). */
export function importKey({ algorithm, raw }: DeviceKey): KeyObject | null {
  const jwk = algorithm === 'Ed25519' ? ed25519Jwk(raw) : p256Jwk(raw);
  if (jwk === null) return null;
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return null; // the only thing a JWK of the right shape can be refused for is its point
  }
}

function ed25519Jwk(raw: Buffer): JsonWebKey | null {
  if (raw.length !== 32) return null;
  return { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') };
}

function p256Jwk(raw: Buffer): JsonWebKey | null {
  if (raw.length !== 65 || raw[0] !== 4) return null;
  const [x, y] = [raw.subarray(1, 33), raw.subarray(33)].map((part) => part.toString('base64url'));
  return x === undefined || y === undefined ? null : { kty: 'EC', crv: 'P-256', x, y };
}
