// A provider twin's stand-in behind TLS with an authority that nobody else knows.

import { afterEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { loadConfig, loadConfigWithWarnings } from '../../../config/load.ts';
import { createClients } from '../../../server/compose-clients.ts';
import { makeAuthority, makeLeaf } from '../../../server/platform/crypto/certificates.ts';
import { readAuthorities } from '../../../server/platform/outside/authorities.ts';
import { realWorld } from '../../../server/real-world.ts';
import { createLiveConfig } from '../../../server/live-config.ts';
import { seamsOf } from '../../../server/seams.ts';

let closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.toReversed()) await close();
  closers = [];
});

const times = {
  notBefore: Date.now() - 60_000,
  notAfter: Date.now() + 86_400_000,
  serial: new Uint8Array([1, 2, 3]),
};
const authority = makeAuthority({ name: 'Authority of the site', ...times });
const leaf = makeLeaf(authority, { names: ['127.0.0.1'], ...times });

function fileWith(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'sallyport-ca-')), 'ca.pem');
  writeFileSync(file, text);
  return file;
}

async function provider(): Promise<string> {
  const server: Server = createServer({ key: leaf.keyPem, cert: leaf.certPem }, (_asked, answer) =>
    answer.end('well'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Asked by the client that the server composes from these settings. */
async function ask(settings: Record<string, string>): Promise<unknown> {
  const sources = {
    env: {},
    overrides: {
      'providers.stripe.enabled': 'true',
      'providers.stripe.secret_key': 'sk_test_1',
      'providers.stripe.ingress': 'poll',
      ...settings,
    },
  };
  const load = (): ReturnType<typeof loadConfigWithWarnings> => loadConfigWithWarnings(sources);
  const world = realWorld();
  const live = createLiveConfig(load(), { load, clock: world.clock });
  const { stripe, veriff } = createClients(world, live, seamsOf(loadConfig(sources)));
  closers.push(
    () => stripe.close(),
    () => veriff.close(),
  );
  const request = { method: 'GET', path: '/', headers: {}, body: null } as const;
  return stripe.exchange(request, AbortSignal.timeout(10_000));
}

describe('a provider whose certificate is of the customer’s own authority', () => {
  test('is refused without outside.ca_file, before anything is sent', async () => {
    const url = await provider();
    expect(await ask({ 'providers.stripe.base_url': url })).toMatchObject({
      kind: 'failed',
      phase: 'connecting',
    });
  });

  test('is reached with it', async () => {
    const url = await provider();
    const file = fileWith(authority.certPem);
    expect(await ask({ 'providers.stripe.base_url': url, 'outside.ca_file': file })).toMatchObject({
      kind: 'answered',
      response: { status: 200, body: 'well' },
    });
  });

  test('the public authorities stay trusted beside it', () => {
    const trusted = readAuthorities(fileWith(authority.certPem));
    expect(trusted).toEqual(expect.arrayContaining([...rootCertificates, authority.certPem]));
  });

  test.each([
    ['nothing of the kind', /found no certificate in/],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', /found /],
  ])('a file that holds %j stops the start and is named', (text, says) => {
    const read = (): unknown => readAuthorities(fileWith(text));
    expect(read).toThrow('outside.ca_file: expected a file of certificates in PEM');
    expect(read).toThrow(says);
  });

  test('so does a file that is not there', () => {
    expect(() => readAuthorities('/nowhere/ca.pem')).toThrow(/outside\.ca_file: .*ENOENT/);
  });
});
