import { describe, expect, test } from '@jest/globals';
import { createLogger } from '../../../server/platform/logging/logger.ts';
import { createMetrics } from '../../../server/platform/metrics/metrics.ts';
import { useTestDatabase } from '../../support/database.ts';
import { startTestHttp } from '../../support/http.ts';

const database = useTestDatabase();

interface Line {
  [field: string]: unknown;
}

async function observed(
  work: (
    request: Awaited<ReturnType<typeof startTestHttp>>['request'],
    key: string,
  ) => Promise<unknown>,
): Promise<{ lines: Line[]; text: string; metrics: string }> {
  const written: string[] = [];
  const log = createLogger(
    { level: 'info', version: '1.2.3', commit: 'c0ffee', role: 'api', secretNames: new Set() },
    { write: (line) => void written.push(line) },
  );
  const metrics = createMetrics({ version: '1.2.3', commit: 'c0ffee' });
  const { apiKey } = await database.seedOrganization();
  const http = await startTestHttp(
    { ...database.deps(), log },
    { requestDuration: metrics.requestDuration },
  );
  await work(http.request, apiKey);
  await http.close();
  const text = written.join('');
  const lines = written.map((line) => JSON.parse(line) as Line);
  return { lines, text, metrics: await metrics.registry.metrics() };
}

describe('a request', () => {
  test('is one line with its pattern, status, ids and the build', async () => {
    const { lines } = await observed((request, key) =>
      request('GET', '/v1/nodes/nod_unknown?x=1', { key, headers: { 'x-request-id': 'theirs' } }),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: 'info',
      commit: 'c0ffee',
      method: 'GET',
      route: '/v1/nodes/:node_id',
      status: 400,
      client_request_id: 'theirs',
      request_id: expect.stringMatching(/^req_/),
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      org_id: expect.stringMatching(/^org_/),
      credential_id: expect.stringMatching(/^key_/),
    });
  });

  test('leaves no credential, query, body or path in the log', async () => {
    const { text } = await observed(async (request, key) => {
      const body = { name: 'planted-secret', nested: { pan: '4242424242424242' } };
      await request('POST', '/v1/nodes?planted=planted-secret', { key, body });
      await request('GET', `/v1/nodes/planted-secret`, { key: `${key.slice(0, -1)}?` });
      await request('GET', '/planted-secret', { headers: { cookie: 'planted-secret' } });
    });
    expect(text).not.toContain('planted-secret');
    expect(text).not.toContain('4242');
    expect(text).not.toContain('sp_test_');
  });

  test('is measured under its pattern, so that ids never become labels', async () => {
    const { metrics } = await observed(async (request, key) => {
      await request('GET', '/v1/nodes/nod_a', { key });
      await request('GET', '/v1/nodes/nod_b', { key });
      await request('GET', '/no/such/path', { key });
    });
    expect(metrics).toContain(
      'http_server_request_duration_seconds_count{method="GET",route="/v1/nodes/:node_id",status="404"} 2',
    );
    expect(metrics).toContain('route="unmatched",status="404"} 1');
    expect(metrics).not.toContain('nod_a');
    expect(metrics).toContain('sallyport_build_info{version="1.2.3",commit="c0ffee"} 1');
  });
});
