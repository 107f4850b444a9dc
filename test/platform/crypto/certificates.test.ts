// The appliance's own authority and certificates, judged by OpenSSL (through Node) and by their files.

import { afterAll, describe, expect, test } from '@jest/globals';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  openGatewayIdentity,
  readGatewayIdentity,
} from '../../../server/platform/crypto/appliance-authority.ts';
import { pinOf, readChain } from '../../../server/platform/crypto/certificates.ts';
import { DAY_MS } from '../../../server/shared/instant.ts';
import { createTestWorld } from '../../support/world.ts';

const root = mkdtempSync(join(tmpdir(), 'sallyport-authority-'));
afterAll(() => rmSync(root, { recursive: true }));
const newFolder = (): string => mkdtempSync(join(root, 'f-'));
const names = ['localhost', '10.1.2.3', '::1', 'fe80::1:2', '::ffff:10.0.0.1'];

describe('the authority of an appliance', () => {
  test('issues a certificate for its names, and itself for nothing but certificates', () => {
    const world = createTestWorld();
    const identity = openGatewayIdentity(world, { folder: newFolder(), publicNames: names });
    const [leaf, anchor] = readChain(identity.certPem);
    expect(readChain(identity.certPem)).toHaveLength(2);
    expect(leaf?.ca).toBe(false);
    expect(anchor?.ca).toBe(true);
    expect(leaf?.checkIssued(anchor as X509Certificate)).toBe(true);
    expect(leaf?.verify((anchor as X509Certificate).publicKey)).toBe(true);
    expect(anchor?.verify(anchor.publicKey)).toBe(true);
    expect(leaf?.checkHost('localhost')).toBe('localhost');
    for (const address of names.slice(1)) expect(leaf?.checkIP(address)).toBeDefined();
    expect(leaf?.checkIP('10.1.2.4')).toBeUndefined();
    expect(leaf?.checkPrivateKey(createPrivateKey(identity.keyPem))).toBe(true);
    expect(identity.anchorPin).toBe(pinOf(anchor as X509Certificate));
    expect(new Date(leaf?.validTo ?? 0).getTime() - world.clock.now()).toBe(397 * DAY_MS);
    // Beyond 2049 the other form of time begins (RFC 5280 §4.1.2.5).
    const late = createTestWorld({ start: Date.UTC(2049, 5, 1) });
    const later = openGatewayIdentity(late, { folder: newFolder(), publicNames: names });
    expect(new Date(readChain(later.certPem)[0]?.validTo ?? 0).getUTCFullYear()).toBe(2050);
  });

  test('keeps its files for its owner only, and reads the same ones next time', () => {
    const folder = newFolder();
    const world = createTestWorld();
    const first = openGatewayIdentity(world, { folder, publicNames: ['localhost'] });
    expect(readdirSync(folder).toSorted()).toEqual(['authority.pem', 'gateway.pem']);
    for (const file of readdirSync(folder))
      expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    expect(openGatewayIdentity(world, { folder, publicNames: ['localhost'] })).toEqual(first);
  });

  test('renews its certificate when two thirds are over or a name is new, under the same anchor', () => {
    const folder = newFolder();
    const world = createTestWorld();
    const first = openGatewayIdentity(world, { folder, publicNames: ['localhost'] });
    world.clock.advance(260 * DAY_MS);
    expect(openGatewayIdentity(world, { folder, publicNames: ['localhost'] })).toEqual(first);
    world.clock.advance(10 * DAY_MS);
    const second = openGatewayIdentity(world, { folder, publicNames: ['localhost'] });
    expect(second.certPem).not.toBe(first.certPem);
    expect(second.anchorPin).toBe(first.anchorPin);
    const third = openGatewayIdentity(world, { folder, publicNames: ['localhost', '10.0.0.9'] });
    expect(third.certPem).not.toBe(second.certPem);
    expect(third.anchorPin).toBe(first.anchorPin);
  });

  test('refuses a file that others can read, and one without a key, by name', () => {
    const folder = newFolder();
    const world = createTestWorld();
    openGatewayIdentity(world, { folder, publicNames: ['localhost'] });
    const file = join(folder, 'authority.pem');
    chmodSync(file, 0o640);
    const open = () => openGatewayIdentity(world, { folder, publicNames: ['localhost'] });
    expect(open).toThrow(/authority\.pem: expected a file that only its owner can read .*640/);
    chmodSync(file, 0o600);
    writeFileSync(file, readFileSync(file, 'utf8').split('-----BEGIN PRIVATE')[0] ?? '');
    expect(open).toThrow(/authority\.pem: expected a private key/);
  });
});

describe('the certificate of a customer', () => {
  test('is anchored at the last one of its chain', () => {
    const own = openGatewayIdentity(createTestWorld(), { folder: newFolder(), publicNames: names });
    expect(readGatewayIdentity(own.certPem, own.keyPem)).toEqual(own);
    expect(() => readGatewayIdentity('nothing', own.keyPem)).toThrow('at least one certificate');
  });

  test('is refused with a key that is not its own', () => {
    const world = createTestWorld();
    const own = openGatewayIdentity(world, { folder: newFolder(), publicNames: names });
    const other = openGatewayIdentity(world, { folder: newFolder(), publicNames: names });
    expect(() => readGatewayIdentity(own.certPem, other.keyPem)).toThrow(/key/);
  });
});
