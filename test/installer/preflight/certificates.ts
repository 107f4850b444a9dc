// Certificates for the cases, made by the appliance's own code.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { makeAuthority, makeLeaf } from '../../../server/platform/crypto/certificates.ts';
import { temporaryHome } from './machine.ts';

const DAY_MS = 86_400_000;
const NAMES = ['gate.example.com', '192.0.2.7'];

export interface Pair {
  cert: string;
  key: string;
}

/** `days` may be negative: expired. */
export function certificatePair({ days = 90, names = NAMES } = {}): Pair {
  const now = Date.now();
  const times = { notBefore: now - 100 * DAY_MS, notAfter: now + days * DAY_MS };
  const serial = randomBytes(8);
  const authority = makeAuthority({ ...times, name: 'Test authority', serial });
  const { certPem: cert, keyPem: key } = makeLeaf(authority, { ...times, names, serial });
  return { cert, key };
}

/** As settings, with the files written. */
export function gatewayTls({ cert, key }: Pair): Record<string, string> {
  const home = temporaryHome({ 'cert.pem': cert, 'key.pem': key });
  return {
    'gateway.tls.cert_file': join(home, 'cert.pem'),
    'gateway.tls.key_file': join(home, 'key.pem'),
    'gateway.public_names': NAMES.join(','),
  };
}
