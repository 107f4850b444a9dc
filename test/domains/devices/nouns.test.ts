// The nouns of devices, pure: states and moves, claim codes, canonical JSON, keys and signatures.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as terminal from '../../../simulators/terminal/canonical.ts';
import { makeKey, publicBytes, readTicket, signWith } from '../../../simulators/terminal/proofs.ts';
import { makeClaimCode, qrText } from '../../../server/domains/devices/claim.ts';
import {
  COMMAND_STATUSES,
  commandAfter,
  type CommandMove,
  isSettled,
} from '../../../server/domains/devices/command.ts';
import { DEVICE_STATUSES, deviceAfter } from '../../../server/domains/devices/device.ts';
import { canonical } from '../../../server/domains/devices/gateway/canonical.ts';
import { importKey, verifySignature } from '../../../server/domains/devices/gateway/signature.ts';

describe('a command', () => {
  const device: CommandMove[] = ['rcv', 'prg', 'res', 'err'];
  const all: CommandMove[] = [...device, 'send', 'expire', 'cancel'];

  test('passes `sent` only by what its device says', () => {
    for (const from of ['queued', 'sent'] as const) {
      for (const move of ['send', 'expire', 'cancel'] as const) {
        expect(['sent', 'expired', 'unknown', 'cancelled', null]).toContain(
          commandAfter(move, from),
        );
      }
    }
    for (const move of device) expect(commandAfter(move, 'queued')).toBeNull();
  });

  test('is settled for good, and an unknown one only by its device', () => {
    for (const from of COMMAND_STATUSES.filter(isSettled)) {
      for (const move of all) expect(commandAfter(move, from)).toBeNull();
    }
    const outOfUnknown = all.filter((move) => commandAfter(move, 'unknown') !== null);
    expect(outOfUnknown).toEqual(['res', 'err']);
  });

  test('that was sent is never called failed by the clock', () => {
    expect(commandAfter('expire', 'queued')).toBe('expired');
    for (const from of ['sent', 'received', 'running'] as const)
      expect(commandAfter('expire', from)).toBe('unknown');
  });
});

describe('a device', () => {
  test('that is revoked stays so', () => {
    for (const move of ['claim', 'connect', 'suspend', 'resume'] as const)
      expect(deviceAfter(move, 'revoked')).toBeNull();
    for (const from of DEVICE_STATUSES) expect(deviceAfter('revoke', from)).toBe('revoked');
  });

  test('connects only when it was claimed and is not barred', () => {
    const may = DEVICE_STATUSES.filter((from) => deviceAfter('connect', from) !== null);
    expect(may).toEqual(['pending', 'active']);
  });
});

describe('a claim code', () => {
  test('is read from its QR text as it was made, however people write it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), (random) => {
        const code = makeClaimCode(random);
        const at = { host: '::1', port: 8443, pin: 'p'.repeat(43) };
        const ticket = readTicket(qrText(code.shown, at));
        expect(ticket).toEqual({ ...at, lookup: code.lookup, secret: code.secret });
        const sloppy = code.shown.toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l');
        expect(readTicket(qrText(sloppy, at))).toEqual(ticket);
      }),
    );
  });
});

describe('canonical JSON', () => {
  const text = fc.string({
    unit: fc.constantFrom(...Array.from(' !#$%&()*+,-./09:;<=>?@AZ[]^_`az{|}~')),
  });
  const leaf = fc.oneof(text, fc.maxSafeInteger(), fc.boolean(), fc.constant(null));
  const key = fc.stringMatching(/^[a-z0-9_]{1,8}$/);
  const value = fc.dictionary(key, fc.oneof(leaf, fc.array(leaf), fc.dictionary(key, leaf)));

  test('is the same from two hands that share no code, and is JSON', () => {
    fc.assert(
      fc.property(value, (object) => {
        if (JSON.stringify(object).includes(':-0')) return;
        const written = canonical(object);
        expect(written).toBe(terminal.canonical(object));
        expect(JSON.parse(written ?? '')).toEqual(object);
      }),
    );
  });

  test.each([
    ['a fraction', { a: 0.5 }],
    ['beyond integers', { a: 2 ** 53 }],
    ['minus zero', { a: -0 }],
    ['a quote', { a: 'x"y' }],
    ['a backslash', { a: 'x\\y' }],
    ['a control character', { a: 'x\ny' }],
    ['beyond ASCII', { a: 'é' }],
    ['a large key', { A: 1 }],
    ['an empty key', { '': 1 }],
    ['too deep', { a: { b: { c: { d: { e: 1 } } } } }],
  ])('there is none with %s', (_what, object) => {
    expect(canonical(object)).toBeNull();
  });
});

describe('a key', () => {
  test.each(['Ed25519', 'P-256'] as const)(
    'of %s verifies what it signed and nothing else',
    (algorithm) => {
      const key = makeKey(algorithm);
      const raw = publicBytes(key);
      const input = Buffer.from('input');
      const signature = Buffer.from(signWith(key, input), 'base64url');
      expect(verifySignature({ algorithm, raw }, input, signature)).toBe(true);
      expect(verifySignature({ algorithm, raw }, Buffer.from('inpux'), signature)).toBe(false);
      expect(verifySignature({ algorithm, raw }, input, signature.subarray(1))).toBe(false);
      const foreign = publicBytes(makeKey(algorithm));
      expect(verifySignature({ algorithm, raw: foreign }, input, signature)).toBe(false);
    },
  );

  test('of the wrong length, or off the curve, is none', () => {
    expect(importKey({ algorithm: 'Ed25519', raw: Buffer.alloc(31) })).toBeNull();
    expect(importKey({ algorithm: 'P-256', raw: Buffer.alloc(65, 4) })).toBeNull();
    expect(importKey({ algorithm: 'P-256', raw: Buffer.alloc(33, 2) })).toBeNull();
    expect(
      verifySignature(
        { algorithm: 'P-256', raw: Buffer.alloc(65, 4) },
        Buffer.alloc(1),
        Buffer.alloc(64),
      ),
    ).toBe(false);
  });
});
