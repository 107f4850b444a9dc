import { describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CHECKS } from '../../../installer/preflight/index.ts';
import { APPLIANCE_CASES } from './cases-appliance.ts';
import { MACHINE_CASES } from './cases-machine.ts';
import { RUNTIME_CASES } from './cases-runtime.ts';
import { clusterSaying, look } from './machine.ts';

const CASES = { ...MACHINE_CASES, ...APPLIANCE_CASES, ...RUNTIME_CASES };
/** Below, with a real socket. */
const PORTS: readonly string[] = ['port-http', 'port-gateway'];

describe('each check', () => {
  test('has a case that fails and one that passes', () => {
    expect(Object.keys(CASES).toSorted()).toEqual(
      CHECKS.map(({ id }) => id)
        .filter((id) => !PORTS.includes(id))
        .toSorted(),
    );
  });

  test.each(Object.entries(CASES))('%s passes where it should', async (id, { passes }) => {
    expect(await look(id, passes())).toMatchObject({ outcome: 'pass', remedy: '' });
  });

  test.each(Object.entries(CASES))('%s fails where it should', async (id, { fails, says }) => {
    const { outcome, found } = await look(id, fails());
    expect(found).toMatch(says);
    expect(outcome).toBe('fail');
  });
});

describe('a disk that flushes in 20 ms', () => {
  test('is fast enough beside Postgres, whose own disk it is not', async () => {
    const settings = {
      'database.kind': 'postgres',
      'database.postgres.app_password': 'app',
      'database.postgres.engine_password': 'engine',
    };
    const host = { measureSync: async () => [20, 20, 20] };
    expect((await look('disk-sync-slow', { host })).outcome).toBe('fail');
    expect(await look('disk-sync-slow', { host, settings })).toMatchObject({
      outcome: 'pass',
      found: expect.stringContaining('up to 50 ms expected with postgres'),
    });
  });
});

describe('a cluster whose build carries no version', () => {
  test('is not refused for it', async () => {
    const given = { target: { runtime: 'helm' as const } };
    const host = clusterSaying({ version: async () => 'v0.0.0-master+$Format:%H$' });
    expect((await look('cluster-version', { ...given, host })).outcome).toBe('skip');
  });
});

describe('a port', () => {
  const settings = (port: number) => ({ 'http.port': String(port), 'gateway.port': '0' });

  test('that something else holds is refused, with the way to find out who', async () => {
    const server = await listening('a page of somebody else');
    expect(await look('port-http', { settings: settings(server.port) })).toMatchObject({
      outcome: 'fail',
      found: `127.0.0.1:${server.port} is in use by something else`,
    });
    await server.close();
    expect(await look('port-http', { settings: settings(server.port) })).toMatchObject({
      outcome: 'pass',
    });
  });

  test('that an appliance of ours holds is not in the way, its gateway neither', async () => {
    const rest = await listening(JSON.stringify({ version: '0.1.0', commit: 'abc' }));
    const gateway = await listening('');
    const both = { 'http.port': `${rest.port}`, 'gateway.port': `${gateway.port}` };
    const given = { settings: { ...both, 'gateway.host': '127.0.0.1' } };
    expect((await look('port-http', given)).found).toMatch(/held by an appliance/);
    expect((await look('port-gateway', given)).outcome).toBe('pass');
    await rest.close();
    expect((await look('port-gateway', given)).outcome).toBe('fail');
    await gateway.close();
  });

  test('on an address of another machine is refused with the addresses there are', async () => {
    const given = { settings: { 'gateway.host': '192.0.2.7' } };
    expect(await look('port-gateway', given)).toMatchObject({
      outcome: 'fail',
      found: expect.stringMatching(/not an address of this machine, which has .*127\.0\.0\.1/),
    });
  });
});

async function listening(body: string): Promise<{ port: number; close(): Promise<void> }> {
  const server: Server = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
