// Devices by REST: registered, claimed, suspended, revoked, told what to do; and what wrong requests get.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import { startTestHttp, type TestHttp, type TestRequest } from '../../support/http.ts';
import { claim, connect, doorEvent, EPOCH } from './channel.ts';
import { type Rig, startRig } from './gateway-rig.ts';

const { deps, seedOrganization, world } = useTestDatabase();
let rig: Rig;
let http: TestHttp;
let seeded: SeededOrganization;
let other: SeededOrganization;

beforeAll(async () => {
  [seeded, other] = [await seedOrganization(), await seedOrganization('Other')];
  rig = await startRig(deps());
  http = await startTestHttp(deps(), {
    routes: rig.devices.routes,
    locators: rig.devices.locators,
  });
});
afterAll(async () => {
  await http.close();
  await rig.stop();
});

const ask = (method: string, path: string, request: TestRequest = {}) =>
  http.request(method, path, { key: seeded.apiKey, ...request });
const created = async (name = 'Gate'): Promise<string> => {
  const body = { node_id: seeded.siteId, name, model: 'SP-2' };
  return String((await ask('POST', '/v1/devices', { body })).json().id);
};

describe('a device by REST', () => {
  test('is registered under a site with a node of its own', async () => {
    const answer = await ask('POST', '/v1/devices', {
      body: { node_id: seeded.siteId, name: 'Gate', serial: '42' },
    });
    expect(answer.status).toBe(201);
    const device = answer.json();
    expect(answer.headers['location']).toBe(`/v1/devices/${device.id}`);
    expect(device).toMatchObject({
      status: 'unclaimed',
      connected: false,
      serial: '42',
      key_id: null,
    });
    const node = (await ask('GET', `/v1/nodes/${device.node_id}`)).json();
    expect(node).toMatchObject({ kind: 'device', parent_id: seeded.siteId });
  });

  test('is claimed with the text of its code, seen while connected, and listed', async () => {
    const id = await created('Seen');
    const issued = await ask('POST', `/v1/devices/${id}/claim-codes`);
    expect(issued.status).toBe(201);
    expect(issued.json().code).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    const channel = await connect(await claim(issued.json().qr_text));
    expect((await ask('GET', `/v1/devices/${id}`)).json()).toMatchObject({
      status: 'active',
      connected: true,
      key_algorithm: 'Ed25519',
    });
    const listed = (await ask('GET', '/v1/devices?status=active')).json();
    expect(listed.data.map((each: { id: string }) => each.id)).toContain(id);
    channel.send({ t: 'ev', ep: EPOCH, s: 1, e: [doorEvent('a'), { id: 'bad' }, doorEvent('c')] });
    await channel.next('ack');
    const page = (await ask('GET', `/v1/devices/${id}/events?limit=2`)).json();
    expect(page.data.map((each: { status: string }) => each.status)).toEqual([
      'accepted',
      'quarantined',
    ]);
    const rest = await ask('GET', `/v1/devices/${id}/events?limit=2&cursor=${page.next_cursor}`);
    expect(rest.json()).toMatchObject({ data: [{ sequence: 3, id: 'c' }], has_more: false });
    await channel.close();
  });

  test('shows its code once: a repeated request gets the answer without it', async () => {
    const id = await created();
    const headers = { 'idempotency-key': 'claim-1' };
    const first = await ask('POST', `/v1/devices/${id}/claim-codes`, { headers });
    const again = await ask('POST', `/v1/devices/${id}/claim-codes`, { headers });
    expect(again.json()).toEqual({ ...first.json(), code: null, qr_text: null });
  });

  test('is suspended, resumed and revoked, each once', async () => {
    const id = await created();
    const status = async (move: string): Promise<unknown> => {
      const answer = await ask('POST', `/v1/devices/${id}/${move}`);
      return answer.status === 200 ? answer.json().status : answer.json().code;
    };
    expect(await status('suspend')).toBe('conflict');
    const { qr_text: qr } = (await ask('POST', `/v1/devices/${id}/claim-codes`)).json();
    await claim(qr);
    for (const [move, after] of [
      ['suspend', 'suspended'],
      ['suspend', 'suspended'],
      ['resume', 'pending'],
      ['revoke', 'revoked'],
      ['revoke', 'revoked'],
      ['resume', 'conflict'],
    ] as const) {
      expect(await status(move)).toBe(after);
    }
    expect((await ask('POST', `/v1/devices/${id}/claim-codes`)).json().code).toBe('conflict');
    const command = { method: 'message', params: { text: 'hi' } };
    const refused = await ask('POST', `/v1/devices/${id}/commands`, { body: command });
    expect(refused.json().code).toBe('conflict');
  });

  test('is told what to do, and says what became of it', async () => {
    const id = await created();
    const { qr_text: qr } = (await ask('POST', `/v1/devices/${id}/claim-codes`)).json();
    const channel = await connect(await claim(qr));
    const sent = await ask('POST', `/v1/devices/${id}/commands`, {
      body: { method: 'open_door', params: { door: 2 }, expires_in_ms: 3_000 },
    });
    expect(sent.status).toBe(202);
    expect(sent.json()).toMatchObject({ method: 'open_door', params: { door: 2 }, result: null });
    expect(Date.parse(sent.json().expires_at) - world().clock.now()).toBeLessThanOrEqual(3_000);
    await channel.next('call');
    channel.send({ t: 'res', id: sent.json().id, r: { opened: true } });
    await channel.next('fin');
    const done = await ask('GET', sent.headers['location'] ?? '');
    expect(done.json()).toMatchObject({ status: 'succeeded', result: { opened: true } });
    await channel.close();
  });
});

describe('a wrong request about devices', () => {
  test.each([
    [{ method: 'fly', params: {} }, '/method', 'enrol, open_door, message'],
    [{ method: 'open_door', params: { door: 0 } }, '/params/door', '>=1'],
    [{ method: 'open_door', params: { gate: 1 } }, '/params', 'gate'],
    [{ method: 'message', params: {} }, '/params/text', 'string'],
    [{ method: 'enrol', params: { person_id: 'p', modality: 'iris' } }, '/params/modality', 'face'],
    [{ method: 'open_door', expires_in_ms: 60_000 }, '/expires_in_ms', '10000'],
  ])('the command %j is refused at %s', async (body, pointer, expected) => {
    const answer = await ask('POST', `/v1/devices/${await created()}/commands`, { body });
    expect(answer.status).toBe(422);
    const [problem] = answer.json().errors;
    expect(problem.pointer).toBe(pointer);
    expect(problem.detail).toContain(expected);
  });

  test('a device stands under a site or zone and nowhere else', async () => {
    const body = { node_id: seeded.rootNodeId, name: 'Gate' };
    const answer = await ask('POST', '/v1/devices', { body });
    expect(answer.status).toBe(422);
    expect(answer.json().detail).toContain('site or zone');
  });

  test('a foreign device is what a missing one is', async () => {
    const id = await created();
    const asOther = { key: other.apiKey };
    for (const [method, path] of [
      ['GET', `/v1/devices/${id}`],
      ['POST', `/v1/devices/${id}/claim-codes`],
      ['POST', `/v1/devices/${id}/revoke`],
      ['GET', `/v1/devices/${id}/events`],
    ] as const) {
      const foreign = await ask(method, path, asOther);
      const missing = await ask(
        method,
        path.replace(id, 'dev_00000000000000000000000000'),
        asOther,
      );
      expect(foreign.status).toBe(404);
      const plain = (text: string): string => text.replaceAll(/dev_\w+|req_\w+/g, 'x');
      expect(plain(foreign.text)).toBe(plain(missing.text));
    }
  });
});
