// The edge of the gateway: ways to say one wrong thing on a real TLS WebSocket, and how it ends.

import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import type { BadAnswer } from './bad-case.ts';
import { dial, type Frame, type Line } from './device-client.ts';
import type { Stage } from './stage.ts';

export async function refusedDial(
  stage: Stage,
  options: Parameters<typeof dial>[1],
): Promise<BadAnswer> {
  const outcome = await dial(stage.gateway, options).then(
    () => 'welcome',
    (error: Error) => error.message,
  );
  // What OpenSSL says around it holds addresses in memory.
  const alert = /alert [a-z ]+/.exec(outcome)?.[0] ?? outcome;
  return { code: outcome === 'welcome' ? 'connected' : 'no connection', message: alert };
}

export function upgrade(
  stage: Stage,
  { path = '/v1/devices/connect', protocol = 'dgw.1.json', upgrade: asks = true },
): Promise<BadAnswer> {
  const headers = {
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    'sec-websocket-protocol': protocol,
    ...(asks ? { connection: 'Upgrade', upgrade: 'websocket' } : {}),
  };
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, stage.gateway.replace('wss:', 'https:')), {
      headers,
      rejectUnauthorized: false,
      agent: false,
    });
    asked.on('error', reject);
    asked.on('upgrade', (_response, socket) => {
      socket.destroy();
      resolve({ code: 'upgraded', message: '' });
    });
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({ code: `${response.statusCode} before the upgrade`, message: text.trim() }),
      );
    });
    asked.end();
  });
}

/** Says one thing right after the challenge; the server must end the line. */
export async function closedBy(
  stage: Stage,
  make: (line: Line) => Frame | string | Buffer,
): Promise<BadAnswer> {
  const line = await dial(stage.gateway);
  line.send(make(line));
  const { code, reason } = await line.closed;
  return { code: `close ${code}`, message: reason };
}

/** The same on the line that is welcome. */
export async function welcomeClosedBy(
  stage: Stage,
  make: (device: Stage['device']) => Frame,
): Promise<BadAnswer> {
  stage.line.send(make(stage.device));
  const { code, reason } = await stage.line.closed;
  return { code: `close ${code}`, message: reason };
}

export async function rejected(stage: Stage, wrong: Frame): Promise<BadAnswer> {
  const { line, device } = stage;
  line.send({ t: 'ev', ep: device.epoch, s: device.next, e: [wrong] });
  device.next += 1;
  const ack = await line.frame('ack');
  const [first] = (ack['rej'] ?? []) as { code: string; why: string }[];
  return { code: `ack with rej ${first?.code}`, message: first?.why ?? '' };
}

export async function answered(stage: Stage, ask: Frame): Promise<BadAnswer> {
  stage.line.send(ask);
  const answer = await stage.line.frame('answer');
  return {
    code: `answer ${String(answer['decision'])} ${String(answer['reason'])}`,
    message: (answer['detail'] as string | undefined) ?? '',
  };
}

export function askFrame(changes: Frame): Frame {
  return {
    t: 'ask',
    id: `opr_t_${randomBytes(12).toString('hex')}`,
    kind: 'payment',
    deadline_ms: 1_500,
    p: { amount: { amount: 100, currency: 'EUR' }, probe: probe() },
    ...changes,
  };
}

export function probe(): Frame {
  return { modality: 'face', extractor: 'synthetic-512/1', vector: vector(512), quality: 90 };
}

export function vector(dimensions: number): string {
  const values = Float32Array.from({ length: dimensions }, (_, at) => Math.sin(at + 1));
  return Buffer.from(values.buffer).toString('base64');
}

export function event(): Frame {
  return {
    id: randomBytes(8).toString('hex'),
    ty: 'door.opened',
    ts: Date.now(),
    up: 1_000,
    cq: 'synced',
    p: { door: 1 },
  };
}
