// A hand on the wire: opens real TLS WebSockets to a gateway and sends whatever a test wants, right or
// wrong. The right forms come from the terminal simulator, which shares no code with the server.

import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import {
  type Binding,
  claimKey,
  claimMac,
  type Claimed,
  type DeviceKey,
  inputToSign,
  keyIdOf,
  makeKey,
  publicBytes,
  readTicket,
  signWith,
} from '../../../simulators/terminal/proofs.ts';
import { bindingOf, dial, fetchAnchor } from '../../../simulators/terminal/trust.ts';

export type Frame = Record<string, unknown>;

export interface Channel {
  socket: WebSocket;
  challenge: Frame;
  binding: Binding;
  send(frame: unknown): void;
  sendText(text: string): void;
  /** The next frame of that type that was not read yet. */
  next(type: string, withinMs?: number): Promise<Frame>;
  /** Frames of that type that came and were not read. */
  seen(type: string): Frame[];
  closed: Promise<{ code: number; reason: string }>;
  close(): Promise<void>;
}

export interface Identity {
  host: string;
  port: number;
  device: string;
  key: DeviceKey;
  ca: string;
}

export async function openChannel(
  at: { host: string; port: number; ca: string },
  protocols?: string[],
): Promise<Channel> {
  const socket = dial(at, at.ca, protocols);
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  const wake = (): void => waiting.forEach((look) => look());
  let end: { code: number; reason: string } | null = null;
  socket.on('message', (data) => {
    frames.push(JSON.parse((data as Buffer).toString()) as Frame);
    wake();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => {
      end = { code, reason: reason.toString() };
      resolve(end);
      wake();
    });
  });
  const next = (type: string, withinMs = 45_000): Promise<Frame> =>
    new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        clearTimeout(timer);
        waiting.delete(look);
        act();
      };
      const look = (): void => {
        const at2 = frames.findIndex((frame) => frame['t'] === type);
        const [frame] = at2 < 0 ? [] : frames.splice(at2, 1);
        if (frame !== undefined) finish(() => resolve(frame));
        else if (end !== null)
          finish(() => reject(new Error(`closed with ${end?.code} ${end?.reason}, no ${type}`)));
      };
      const timer = setTimeout(
        () => finish(() => reject(new Error(`no ${type} in ${withinMs} ms`))),
        withinMs,
      );
      waiting.add(look);
      look();
    });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  const challenge = await next('challenge');
  return {
    socket,
    challenge,
    binding: bindingOf(socket, challenge['nonce'] as string),
    send: (frame) => socket.send(JSON.stringify(frame)),
    sendText: (text) => socket.send(text),
    next,
    seen: (type) => frames.filter((frame) => frame['t'] === type),
    closed,
    close: async () => {
      socket.close();
      await closed;
    },
  };
}

export interface ClaimChanges {
  key?: DeviceKey;
  secret?: string;
  binding?: Binding;
  change?: Frame;
}

export function claimFrame(binding: Binding, qr: string, changes: ClaimChanges = {}): Frame {
  const ticket = readTicket(qr);
  const key = changes.key ?? makeKey('Ed25519');
  const frame = {
    t: 'claim',
    lookup: ticket.lookup,
    alg: key.algorithm,
    key: publicBytes(key).toString('base64url'),
    model: 'Test',
  };
  const input = inputToSign('dgw-claim-1', changes.binding ?? binding, frame);
  const secret = changes.secret ?? ticket.secret;
  return {
    ...frame,
    mac: claimMac(claimKey({ lookup: ticket.lookup, secret }), input),
    sig: signWith(key, input),
    ...changes.change,
  };
}

/** Claims over the wire as a device would, pin first. */
export async function claim(qr: string, key: DeviceKey = makeKey('Ed25519')): Promise<Identity> {
  const ticket = readTicket(qr);
  const ca = await fetchAnchor(ticket, ticket.pin);
  const channel = await openChannel({ ...ticket, ca });
  channel.send(claimFrame(channel.binding, qr, { key }));
  const claimed = (await channel.next('claimed')) as Claimed;
  await channel.closed;
  return { host: ticket.host, port: ticket.port, device: claimed.device, key, ca: claimed.ca };
}

export interface HelloChanges {
  ep?: string;
  oldest?: number;
  next?: number;
  reset?: string;
  down?: { ep: string; applied: number };
  /** Signed into the frame. */
  with?: Frame;
  /** Changed after signing. */
  change?: Frame;
  key?: DeviceKey;
  binding?: Binding;
}

export const EPOCH = '00000000000000aa';

export function helloFrame(
  identity: Identity,
  binding: Binding,
  changes: HelloChanges = {},
): Frame {
  const { ep = EPOCH, oldest = 1, next = 1, reset, down = { ep: '', applied: 0 } } = changes;
  const frame = {
    t: 'hello',
    device: identity.device,
    key_id: keyIdOf(identity.key),
    boot: randomBytes(4).toString('hex'),
    up: { ep, oldest, next, ...(reset === undefined ? {} : { reset }) },
    down,
    clock: { ts: 1_795_255_200_000, src: 'ntp', err_ms: 5 },
    ...changes.with,
  };
  const input = inputToSign('dgw-auth-1', changes.binding ?? binding, frame);
  return { ...frame, sig: signWith(changes.key ?? identity.key, input), ...changes.change };
}

export async function connect(
  identity: Identity,
  changes: HelloChanges = {},
): Promise<Channel & { welcome: Frame }> {
  const channel = await openChannel(identity);
  channel.send(helloFrame(identity, channel.binding, changes));
  return Object.assign(channel, { welcome: await channel.next('welcome') });
}

export function doorEvent(id: string, change: Frame = {}): Frame {
  return { id, ty: 'door.opened', ts: 1, up: 1, cq: 'synced', p: { door: 1 }, ...change };
}
