// A device of the tests, written from docs/device-protocol.md, that can also say wrong things. Trusts any
// certificate: what is tested here is what the server refuses, not what a device should.

import {
  createHmac,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';

export type Frame = Record<string, unknown>;

export interface ClaimedDevice {
  id: string;
  keyId: string;
  privateKey: KeyObject;
  epoch: string;
  /** Sequence of the next event it will write. */
  next: number;
}

export interface Line {
  challenge: { nonce: string };
  exporter: Buffer;
  send(frame: Frame | string | Buffer): void;
  /** The first frame of one of these types; rejects when the line closes before. */
  frame(...types: string[]): Promise<Frame>;
  /** Code and reason, whoever closed. */
  closed: Promise<{ code: number; reason: string }>;
  isOpen(): boolean;
  close(): void;
}

const PROTOCOL = 'dgw.1.json';
const PATIENCE_MS = 10_000;

/** Opens the line at the gateway's address and reads the challenge. */
export async function dial(gateway: string, options: ClientOptions = {}): Promise<Line> {
  const socket = new WebSocket(gateway, [PROTOCOL], {
    rejectUnauthorized: false,
    ...options,
  });
  const frames: Frame[] = [];
  const listeners = new Set<() => void>();
  const wake = (): void => listeners.forEach((listen) => listen());
  let exporter = Buffer.alloc(0);
  let end: { code: number; reason: string } | null = null;
  socket.on('upgrade', (response) => {
    exporter = (response.socket as TLSSocket).exportKeyingMaterial(
      32,
      'EXPORTER-Channel-Binding',
      Buffer.alloc(0),
    );
  });
  socket.on('message', (data) => {
    frames.push(JSON.parse((data as Buffer).toString('utf8')) as Frame);
    wake();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve, reject) => {
    socket.once('error', (error) => {
      end ??= { code: 0, reason: error.message };
      reject(error);
    });
    socket.once('close', (code, reason) => {
      end ??= { code, reason: reason.toString('utf8') };
      resolve(end);
      wake();
    });
  });
  closed.catch(() => undefined);
  const frame = (...types: string[]): Promise<Frame> =>
    new Promise((resolve, reject) => {
      const patience = setTimeout(() => done(new Error(`no ${types.join()} came`)), PATIENCE_MS);
      const done = (outcome: Frame | Error): void => {
        clearTimeout(patience);
        listeners.delete(look);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const look = (): void => {
        const at = frames.findIndex((each) => types.includes(String(each['t'])));
        if (at !== -1) done(frames.splice(at, 1)[0] ?? {});
        else if (end !== null) done(new Error(`closed with ${end.code} ${end.reason}`));
      };
      listeners.add(look);
      look();
    });
  const challenge = await Promise.race([
    frame('challenge'),
    closed.then(({ code }) => Promise.reject(new Error(`closed with ${code}`))),
  ]);
  return {
    challenge: { nonce: String(challenge['nonce']) },
    exporter,
    send: (value) =>
      socket.send(
        typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value),
      ),
    frame,
    closed,
    isOpen: () => end === null,
    close: () => socket.close(1000),
  };
}

/** Claims with the text of the QR code and a new key; the server ends the line. */
export async function claim(gateway: string, qrText: string): Promise<ClaimedDevice> {
  const line = await dial(gateway);
  const keys = newDeviceKey();
  line.send(claimFrame(line, { code: fieldOf(qrText, 'C'), ...keys }));
  const claimed = await line.frame('claimed');
  await line.closed;
  return {
    id: String(claimed['device']),
    keyId: String(claimed['key_id']),
    privateKey: keys.privateKey,
    epoch: randomBytes(8).toString('hex'),
    next: 1,
  };
}

export function claimFrame(
  line: Line,
  { code, privateKey, publicKey }: { code: string; privateKey: KeyObject; publicKey: Buffer },
): Frame {
  const letters = code.replaceAll('-', '');
  const [lookup, secret] = [letters.slice(0, 4), letters.slice(4)];
  const frame = { t: 'claim', lookup, alg: 'Ed25519', key: publicKey.toString('base64url') };
  const input = bytesToSign('dgw-claim-1', line, frame);
  const key = Buffer.from(hkdfSync('sha256', secret, lookup, 'dgw-claim-1 key', 32));
  const mac = createHmac('sha256', key).update(input).digest('base64url');
  return { ...frame, mac, sig: sign(null, input, privateKey).toString('base64url') };
}

export function helloFrame(line: Line, device: ClaimedDevice, changes: Frame = {}): Frame {
  const frame: Frame = {
    t: 'hello',
    device: device.id,
    key_id: device.keyId,
    boot: 'b1',
    up: { ep: device.epoch, oldest: device.next, next: device.next },
    down: { ep: '', applied: 0 },
    clock: { ts: Date.now(), src: 'ntp', err_ms: 20 },
    ...changes,
  };
  const input = bytesToSign('dgw-auth-1', line, frame);
  return { ...frame, sig: sign(null, input, device.privateKey).toString('base64url') };
}

/** A line on which the device is welcome. */
export async function connect(gateway: string, device: ClaimedDevice): Promise<Line> {
  const line = await dial(gateway);
  line.send(helloFrame(line, device));
  await line.frame('welcome');
  return line;
}

export function newDeviceKey(): { privateKey: KeyObject; publicKey: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  // The last 32 bytes of the SPKI are the raw key (RFC 8410 §4).
  return { privateKey, publicKey: publicKey.export({ type: 'spki', format: 'der' }).subarray(-32) };
}

export function fieldOf(qrText: string, name: string): string {
  const field = qrText.split(';').find((part) => part.startsWith(`${name}=`));
  if (field === undefined) throw new Error(`Expected ${name}= in ${qrText}.`);
  return field.slice(name.length + 1);
}

function bytesToSign(label: string, line: Line, frame: Frame): Buffer {
  return Buffer.concat([
    Buffer.from(label, 'ascii'),
    Buffer.from(line.challenge.nonce, 'base64url'),
    line.exporter,
    Buffer.from(PROTOCOL, 'ascii'),
    Buffer.from(canonical(frame), 'utf8'),
  ]);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}
