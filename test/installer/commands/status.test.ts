// `status` against a machine whose server says what became of its last reload.

import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readApplianceFile } from '../../../installer/appliance-file/read.ts';
import { statusLines, statusOf } from '../../../installer/commands/status.ts';
import { realHost } from '../../../installer/host/real-host.ts';
import { createRuntime } from '../../../installer/runtimes/create-runtime.ts';
import { ROOT } from '../../support/spawn-appliance.ts';

const REFUSED = {
  digest: 'abc',
  generation: 1,
  loaded_at: '2026-01-01T00:00:00Z',
  last_reload: {
    ok: false,
    at: '2026-01-02T00:00:00Z',
    problems: ['server.yaml:3:5 http.port: expected a port, found "x"'],
  },
  restart_needed: ['gateway.port'],
};

/** Says of its configuration only what is asked for, as the server does. */
async function told(): Promise<Awaited<ReturnType<typeof statusOf>>> {
  const server = createServer((request, response) => {
    const isVerbose = request.url === '/readyz?verbose';
    response.end(JSON.stringify({ ready: true, ...(isVerbose ? { config: REFUSED } : {}) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const home = mkdtempSync(join(tmpdir(), 'sallyport-status-'));
    const file = join(home, 'appliance.yaml');
    const { port } = server.address() as AddressInfo;
    const process = { home: join(home, 'box'), supervisor: 'pidfile' };
    const config = { profile: 'single', http: { port } };
    writeFileSync(file, JSON.stringify({ version: 1, runtime: 'process', process, config }));
    const appliance = readApplianceFile(file);
    const options = { releaseDir: ROOT, soakMs: 0, startLimitMs: 0 };
    const host = realHost();
    return await statusOf(host, appliance, await createRuntime(host, appliance, options));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('sallyport status', () => {
  test('a refused reload is said with its problems, and what needs a restart', async () => {
    const status = await told();
    expect(status.config).toEqual(REFUSED);
    const lines = statusLines({ ...status, installed: true }).join('\n');
    expect(lines).toContain('REFUSED: server.yaml:3:5 http.port: expected a port, found "x"');
    expect(lines).toContain('restart     needed for gateway.port');
  });
});
