// The worked example of docs/device-protocol.md §12, against the server's own code: whoever follows the page
// is understood.

import { describe, expect, test } from '@jest/globals';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { claimedInput, claimKey, claimMac } from '../../../server/domains/devices/claim.ts';
import {
  inputToSign,
  keyIdOf,
  sessionBytes,
  verifySignature,
} from '../../../server/domains/devices/gateway/signature.ts';

const PAGE = readFileSync(new URL('../../../docs/device-protocol.md', import.meta.url), 'utf8');
const EXAMPLE = PAGE.slice(PAGE.indexOf('## 12'));
const bytes = (from: number): Buffer => Buffer.from(Array.from({ length: 32 }, (_, i) => from + i));
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const binding = { nonce: bytes(0x20), exporter: bytes(0x40), subprotocol: 'dgw.1.json' };

/** The public key of the seed 00 … 1f, by another way than the page's. */
const publicKey = createPublicKey(
  createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, bytes(0)]),
    format: 'der',
    type: 'pkcs8',
  }),
)
  .export({ format: 'der', type: 'spki' })
  .subarray(-32);
const key = { algorithm: 'Ed25519' as const, raw: publicKey };

const blockAfter = (mark: string): string[] => {
  const from = EXAMPLE.slice(EXAMPLE.indexOf(mark));
  return (
    from
      .slice(from.indexOf('```\n') + 4)
      .split('\n```')[0]
      ?.split('\n') ?? []
  );
};
const frameOf = (lines: string[]): Record<string, unknown> =>
  JSON.parse(lines[0] ?? '') as Record<string, unknown>;
const hexOf = (lines: string[]): string =>
  lines.filter((line) => /^[0-9a-f]+$/.test(line)).join('');
const proofOf = (lines: string[], name: string): Buffer => {
  const line = lines.find((each) => each.startsWith(`${name} `)) ?? '';
  return Buffer.from(line.slice(name.length + 1), 'base64url');
};
const secret = claimKey({ lookup: '7K3M', secret: '9QXT4HRW' });

describe('the worked example', () => {
  test('has the key, its form on the wire and its id', () => {
    expect(EXAMPLE).toContain(`\`${publicKey.toString('hex')}\``);
    expect(EXAMPLE).toContain(`\`${publicKey.toString('base64url')}\``);
    expect(EXAMPLE).toContain(`\`${keyIdOf(publicKey)}\``);
    expect(EXAMPLE).toContain(`\`${secret.toString('hex')}\``);
  });

  test.each([
    ['**Claim.**', 'dgw-claim-1'],
    ['**Hello.**', 'dgw-auth-1'],
  ])('%s is what the server would verify', (mark, label) => {
    const lines = blockAfter(mark);
    const input = inputToSign(label, binding, frameOf(lines));
    expect(input?.toString('hex')).toBe(hexOf(lines));
    expect(verifySignature(key, input ?? Buffer.alloc(0), proofOf(lines, 'sig'))).toBe(true);
    if (label === 'dgw-claim-1') {
      const mac = claimMac(secret, input ?? Buffer.alloc(0));
      expect(mac.toString('base64url')).toBe(proofOf(lines, 'mac').toString('base64url'));
    }
  });

  test('has the proof of the server', () => {
    const device = String(frameOf(blockAfter('**Hello.**'))['device']);
    const told = { device, keyId: keyIdOf(publicKey), ca: 'proof' };
    const mac = claimMac(secret, claimedInput(sessionBytes('dgw-claimed-1', binding), told));
    expect(EXAMPLE).toContain(`\`${mac.toString('base64url')}\``);
  });
});
