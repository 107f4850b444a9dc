// Whose certificates the way to the outside trusts: the authorities Node knows, and those of the customer's
// site beside them, never in their place. A file without a certificate stops the start.

import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import { toError } from '../../shared/errors.ts';
import { readChain } from '../crypto/certificates.ts';

/** @throws Error that names the setting, what was expected and what was found. */
export function readAuthorities(file: string): string[] {
  return [...getCACertificates('default'), readOwn(file)];
}

function readOwn(file: string): string {
  let found = `no certificate in ${file}`;
  try {
    const pem = readFileSync(file, 'utf8');
    if (readChain(pem).length > 0) return pem;
  } catch (error) {
    found = toError(error).message;
  }
  throw new Error(`outside.ca_file: expected a file of certificates in PEM, found ${found}`);
}
