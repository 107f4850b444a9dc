// Live settings of the appliance itself, of the REST listener and of the gateway.

import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { WebSocket } from 'ws';
import { claim, dial, fieldOf, helloFrame } from '../bad-input/device-client.ts';
import { until } from '../support/until.ts';
import { metricOf } from './config-file.ts';
import type { LiveBox, LiveCases } from './live-box.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const DAY_MS = 86_400_000;

export const HTTP_CASES: LiveCases = {
  'log.level': async (box) => {
    const ask = (id: string) => box.request('/v1/whoami', { headers: { 'x-request-id': id } });
    const lines = (id: string) => box.appliance.server.log().includes(id);
    await box.set({ 'log.level': 'error' });
    await ask('quiet-request');
    await box.set({});
    await ask('told-request');
    await until('the line of the second', () => lines('told-request'));
    expect(lines('quiet-request')).toBe(false);
  },
  'metrics.enabled': async (box) => {
    expect(await metricOf(box.apiUrl, 'sallyport_config_last_reload_success')).toBe(1);
    await box.set({ 'metrics.enabled': false });
    expect((await fetch(`${box.apiUrl}/metrics`)).status).toBe(404);
    await box.set({});
    expect((await fetch(`${box.apiUrl}/metrics`)).status).toBe(200);
  },
  'api.idempotency_days': async (box) => {
    const keptDays = async (): Promise<number> => {
      const key = randomUUID();
      const body = JSON.stringify({ parent_id: box.stage.siteId, kind: 'zone', name: key });
      const headers = { ...JSON_TYPE, 'idempotency-key': key };
      expect((await box.request('/v1/nodes', { method: 'POST', headers, body })).status).toBe(201);
      const [row] = box.rows<{ created_at: number; expires_at: number }>(
        'select created_at, expires_at from idempotency where idempotency_key = ?',
        key,
      );
      return ((row?.expires_at ?? 0) - (row?.created_at ?? 0)) / DAY_MS;
    };
    expect(await keptDays()).toBe(7);
    await box.set({ 'api.idempotency_days': 30 });
    expect(await keptDays()).toBe(30);
  },
  'http.body_limit_bytes': async (box) => {
    const send = async () => {
      const body = JSON.stringify('x'.repeat(2_000));
      return (await box.request('/v1/nodes', { method: 'POST', headers: JSON_TYPE, body })).status;
    };
    expect(await send()).toBe(422);
    await box.set({ 'http.body_limit_bytes': 1_024 });
    expect(await send()).toBe(413);
  },
  'http.import_body_limit_bytes http.import_line_limit_bytes': async (box) => {
    const send = async (lines: number): Promise<string> => {
      const line = `${JSON.stringify({ display_name: 'x'.repeat(400) })}\n`;
      const headers = { 'content-type': 'application/x-ndjson' };
      const body = line.repeat(lines);
      const answer = await box.request('/v1/people/import', { method: 'POST', headers, body });
      return `${answer.status} ${await answer.text()}`;
    };
    expect(await send(4)).toMatch(/^200 /);
    await box.set({ 'http.import_line_limit_bytes': 256 });
    expect(await send(1)).toMatch(/256/);
    await box.set({ 'http.import_body_limit_bytes': 1_024, 'http.import_line_limit_bytes': 1_024 });
    expect(await send(4)).toMatch(/1024/);
  },
  'http.request_timeout_ms': async (box) => {
    await box.set({ 'http.request_timeout_ms': 300 });
    const held = holdRequest(box);
    expect((await held.answer).body).toContain('No answer was ready within 300 ms');
    held.end();
  },
  'gateway.auth_deadline_ms': async (box) => {
    const told = async (): Promise<unknown> => {
      const socket = new WebSocket(box.gateway, ['dgw.1.json'], { rejectUnauthorized: false });
      const [data] = await new Promise<unknown[]>((resolve, reject) => {
        socket.once('message', (...got) => resolve(got));
        socket.once('error', reject);
      });
      const closed = new Promise<number>((resolve) => socket.once('close', resolve));
      const { auth_ms: authMs } = JSON.parse(String(data)) as { auth_ms: number };
      if (authMs < 1_000) expect(await closed).toBeGreaterThan(4_000);
      socket.terminate();
      return authMs;
    };
    expect(await told()).toBe(10_000);
    await box.set({ 'gateway.auth_deadline_ms': 200 });
    expect(await told()).toBe(200);
  },
  'gateway.heartbeat_ms gateway.pong_deadline_ms': async (box) => {
    await box.set({ 'gateway.heartbeat_ms': 200, 'gateway.pong_deadline_ms': 150 });
    const options = { rejectUnauthorized: false, autoPong: false };
    const socket = new WebSocket(box.gateway, ['dgw.1.json'], options);
    let pings = 0;
    socket.on('ping', () => (pings += 1));
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    // Long before the 10 s that it has to sign in, or the first ping of before, after 25 s.
    expect(await closed).toBe(4_012);
    expect(pings).toBeGreaterThan(0);
  },
  'gateway.connections_max': async (box) => {
    await expect(statusOf(box.gateway)).resolves.toBe(101);
    await box.set({ 'gateway.connections_max': 1 }); // the terminal is connected
    await expect(statusOf(box.gateway)).resolves.toBe(503);
  },
  'gateway.connects_per_second': async (box) => {
    await box.set({ 'gateway.connects_per_second': 1 });
    const statuses = [await statusOf(box.gateway), await statusOf(box.gateway)];
    expect([...statuses, await statusOf(box.gateway)]).toContain(429);
    await box.set({});
    await until('room again', async () => (await statusOf(box.gateway)) === 101);
  },
  'gateway.window_events': async (box) => {
    const place = { node_id: box.stage.siteId, name: `Spare ${randomUUID()}` };
    const { id } = await box.api.post<{ id: string }>('/v1/devices', place);
    const code = await box.api.post<{ qr_text: string }>(`/v1/devices/${id}/claim-codes`);
    expect(fieldOf(code.qr_text, 'C')).not.toBe('');
    const device = await claim(box.gateway, code.qr_text);
    const windowOf = async (): Promise<unknown> => {
      const line = await dial(box.gateway);
      line.send(helloFrame(line, device));
      const welcome = await line.frame('welcome');
      line.close();
      return (welcome['window'] as { events: number }).events;
    };
    expect(await windowOf()).toBe(256);
    await box.set({ 'gateway.window_events': 7 });
    expect(await windowOf()).toBe(7);
  },
};

/** Asks with a body whose end never comes. */
export function holdRequest({ apiUrl, appliance }: LiveBox): {
  answer: Promise<{ status: number; body: string }>;
  end(): void;
} {
  const request = http.request(new URL('/v1/nodes', apiUrl), {
    method: 'POST',
    agent: false,
    headers: { ...JSON_TYPE, authorization: `Bearer ${appliance.apiKey}`, 'content-length': 100 },
  });
  const answer = new Promise<{ status: number; body: string }>((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
  answer.catch(() => undefined);
  request.write('{');
  return { answer, end: () => void request.destroy() };
}

/** The HTTP status of the upgrade. */
function statusOf(gateway: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(gateway, ['dgw.1.json'], { rejectUnauthorized: false });
    socket.once('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('error', (error) => reject(error));
  });
}
