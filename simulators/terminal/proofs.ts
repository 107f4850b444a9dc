// The terminal's key and what it proves with it (docs/device-protocol.md §3 and §4). Pure but for the
// making of the key.

import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  sign,
  timingSafeEqual,
} from 'node:crypto';
import { canonical } from './canonical.ts';

export type Algorithm = 'Ed25519' | 'P-256';

export type DeviceKey = { algorithm: Algorithm; pem: string };

export function makeKey(algorithm: Algorithm): DeviceKey {
  const { privateKey } =
    algorithm === 'Ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { algorithm, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** Ed25519: 32 bytes; P-256: the uncompressed point, 65 bytes. */
export function publicBytes({ algorithm, pem }: DeviceKey): Buffer {
  const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  return spki.subarray(algorithm === 'Ed25519' ? -32 : -65);
}

export function keyIdOf(key: DeviceKey): string {
  return createHash('sha256').update(publicBytes(key)).digest('hex').slice(0, 32);
}

export function signWith({ algorithm, pem }: DeviceKey, input: Buffer): string {
  const key = createPrivateKey(pem);
  const signature =
    algorithm === 'Ed25519'
      ? sign(null, input, key)
      : sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' });
  return signature.toString('base64url');
}

/** What ties a proof to one connection. */
export type Binding = { nonce: Buffer; exporter: Buffer; subprotocol: string };

export function sessionBytes(label: string, { nonce, exporter, subprotocol }: Binding): Buffer {
  return Buffer.concat([Buffer.from(label), nonce, exporter, Buffer.from(subprotocol)]);
}

export function inputToSign(label: string, binding: Binding, frame: object): Buffer {
  return Buffer.concat([sessionBytes(label, binding), Buffer.from(canonical(frame))]);
}

export type ClaimTicket = {
  host: string;
  port: number;
  lookup: string;
  secret: string;
  pin: string;
};

/** From the text of a claim's QR code; says what is wrong with it. */
export function readTicket(text: string): ClaimTicket {
  const [kind, ...fields] = text.trim().split(';');
  if (kind !== 'DGW1') throw new Error(`expected a claim that begins with DGW1, found "${kind}"`);
  const values = new Map(fields.map((field) => [field.slice(0, 1), field.slice(2)] as const));
  const read = (name: string): string => {
    const value = values.get(name);
    if (value === undefined || value === '') throw new Error(`the claim has no ${name}=`);
    return value;
  };
  const code = read('C').replaceAll('-', '').toUpperCase();
  const plain = code.replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  if (!/^[0-9A-HJKMNP-TV-Z]{12}$/.test(plain))
    throw new Error(`C=: expected twelve characters, found ${plain.length} or foreign ones`);
  const port = Number(read('P'));
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`P=: expected a port, found "${read('P')}"`);
  return {
    host: read('H'),
    port,
    lookup: plain.slice(0, 4),
    secret: plain.slice(4),
    pin: read('S'),
  };
}

export function claimKey({ secret, lookup }: { secret: string; lookup: string }): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, lookup, 'dgw-claim-1 key', 32));
}

export function claimMac(key: Buffer, input: Buffer): string {
  return createHmac('sha256', key).update(input).digest('base64url');
}

export type Claimed = { device: string; key_id: string; ca: string; mac: string };

/** Whether the appliance knew the code too. */
export function isClaimedProven(key: Buffer, binding: Binding, told: Claimed): boolean {
  const ca = createHash('sha256').update(told.ca).digest();
  const input = Buffer.concat([
    sessionBytes('dgw-claimed-1', binding),
    Buffer.from(told.device + told.key_id),
    ca,
  ]);
  const expected = Buffer.from(claimMac(key, input));
  const found = Buffer.from(told.mac);
  return expected.length === found.length && timingSafeEqual(expected, found);
}
