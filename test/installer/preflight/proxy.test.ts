// The way to a provider goes through a real proxy that speaks CONNECT.

import { describe, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { join } from 'node:path';
import { certificatePair } from './certificates.ts';
import { look, temporaryHome } from './machine.ts';

describe('a provider behind a proxy', () => {
  test('is reached through outside.proxy_url alone, with the authority of the site', async () => {
    const { cert, key } = certificatePair({ names: ['127.0.0.1'] });
    const provider = createTlsServer({ cert, key }, (_request, response) => response.end('{}'));
    const asked: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization']}`);
      const through = connect(portOf(provider), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        through.pipe(socket).pipe(through);
      });
      through.on('error', () => socket.destroy());
      socket.on('error', () => through.destroy());
    });
    await Promise.all([listen(provider), listen(proxy)]);
    const settings = {
      'providers.stripe.enabled': 'true',
      'providers.stripe.secret_key': 'sk_live_1',
      'providers.stripe.base_url': `https://127.0.0.1:${portOf(provider)}`,
      'outside.proxy_url': `http://127.0.0.1:${portOf(proxy)}`,
      'outside.proxy_password': 'user:pass',
    };
    const authority = join(temporaryHome({ 'ca.pem': cert }), 'ca.pem');
    const trusted = await look('provider-stripe', {
      settings: { ...settings, 'outside.ca_file': authority },
    });
    expect(trusted).toMatchObject({ outcome: 'pass', found: expect.stringMatching(/through/) });
    expect(asked).toEqual([
      `127.0.0.1:${portOf(provider)} Basic ${Buffer.from('user:pass').toString('base64')}`,
    ]);
    const unknown = await look('provider-stripe', { settings });
    expect(unknown.found).toMatch(/the authority of its certificate is not known here/);
    // What the installer's own environment names does not reach the server.
    const env = { NODE_EXTRA_CA_CERTS: authority };
    const inherited = await look('provider-stripe', { settings, env });
    expect(inherited.outcome).toBe('fail');
    expect(inherited.remedy).toContain(`Set outside.ca_file: ${authority}`);
    provider.closeAllConnections();
    proxy.closeAllConnections();
    provider.close();
    proxy.close();
  });

  test('a proxy of the environment that the server will not use is named', async () => {
    const { outcome, remedy } = await look('provider-stripe', {
      settings: {
        'providers.stripe.enabled': 'true',
        'providers.stripe.secret_key': 'sk_live_1',
        'providers.stripe.base_url': 'https://127.0.0.1:1',
      },
      env: { HTTPS_PROXY: 'http://proxy.example.com:3128' },
    });
    expect(outcome).toBe('fail');
    expect(remedy).toMatch(/^Set outside\.proxy_url/);
  });
});

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
