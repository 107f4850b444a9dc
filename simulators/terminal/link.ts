// The terminal's line to the gateway: claims once, then stays connected, with the back-off of
// docs/device-protocol.md §9. Hands frames up; what they mean is the terminal's. A line that breaks is
// dialled again, whatever broke it.

import { randomBytes, randomUUID } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import {
  claimKey,
  claimMac,
  type Claimed,
  type DeviceKey,
  inputToSign,
  isClaimedProven,
  keyIdOf,
  makeKey,
  publicBytes,
  readTicket,
  signWith,
} from './proofs.ts';
import type { Membership, Store } from './store.ts';
import { bindingOf, dial, fetchAnchor, pinOf } from './trust.ts';
import { X509Certificate } from 'node:crypto';

export type Frame = { t: string; [field: string]: unknown };

export type Backoff = { baseMs: number; spreadMs: number; doublings: number };

export type LinkEvents = {
  welcomed(welcome: Frame): void;
  frame(frame: Frame): void;
  lost(code: number, reason: string): void;
};

export type Link = {
  start(): void;
  send(frame: object): boolean;
  isUp(): boolean;
  /** The appliance's time as estimated from the last welcome (§9): a door's own clock may be wrong. */
  serverTime(): number;
  /** Cuts the line without a word, as a pulled cable does. */
  drop(): void;
  /** Whether it dials again when it is down. */
  allow(isAllowed: boolean): void;
  stop(): void;
};

const FIRMWARE = 'simulated/1';
/** Codes from here on: an hour, or an operator (§10). */
const TERMINAL_CODES = 4_500;
const TERMINAL_WAIT_MS = 3_600_000;
const STEADY_MS = 60_000;

/** Dials with the pin of the claim's text, proves the code, and keeps who it became. */
export async function claimPlace(store: Store, text: string): Promise<Membership> {
  const ticket = readTicket(text);
  const { host, port } = ticket;
  const anchor = await fetchAnchor(ticket, ticket.pin);
  // Kept before it is sent: if the answer is lost, the claim is repeated with the same key.
  const key = store.key() ?? makeKey('Ed25519');
  store.keepKey(key);
  const socket = dial(ticket, anchor);
  try {
    const challenge = await nextFrame(socket, 'challenge');
    const binding = bindingOf(socket, String(challenge['nonce']));
    const secret = claimKey(ticket);
    const frame = claimFrame(key, ticket.lookup);
    const input = inputToSign('dgw-claim-1', binding, frame);
    const answer = nextFrame(socket, 'claimed');
    socket.send(
      JSON.stringify({ ...frame, mac: claimMac(secret, input), sig: signWith(key, input) }),
    );
    const claimed = (await answer) as unknown as Claimed;
    if (!isClaimedProven(secret, binding, claimed)) throw new Error('it does not know the code');
    if (pinOf(new X509Certificate(claimed.ca)) !== ticket.pin)
      throw new Error('it names another anchor than the pin');
    const membership = { host, port, device: claimed.device, ca: claimed.ca };
    store.join(membership);
    return membership;
  } finally {
    socket.terminate();
  }
}

export function createLink(store: Store, events: LinkEvents, backoff: Backoff): Link {
  const boot = randomBytes(8).toString('hex');
  let socket: WebSocket | null = null;
  let isWelcome = false;
  let isStopped = false;
  let isAllowed = true;
  let failures = 0;
  let retry: NodeJS.Timeout | null = null;
  let silence: NodeJS.Timeout | null = null;
  let heartbeat: NodeJS.Timeout | null = null;
  let adviceMs = 0;
  let offsetMs = 0;

  const listen = (pingMs: number): void => {
    if (silence !== null) clearTimeout(silence);
    silence = setTimeout(() => socket?.terminate(), 2 * pingMs);
  };
  const open = (): void => {
    const membership = store.membership();
    const key = store.key();
    if (isStopped || !isAllowed || membership === null || key === null) return;
    const line = dial(membership, membership.ca);
    socket = line;
    isWelcome = false;
    let pingMs = 25_000;
    let welcomedAt = 0;
    line.on('ping', () => listen(pingMs));
    line.on('unexpected-response', (_request, response) => {
      adviceMs = Number(response.headers['retry-after'] ?? 0) * 1_000;
      line.terminate();
    });
    line.on('error', () => undefined); // 'close' follows and dials again
    line.on('message', (data: RawData) => {
      listen(pingMs);
      const frame = JSON.parse((data as Buffer).toString('utf8')) as Frame;
      if (frame.t === 'challenge') return line.send(JSON.stringify(hello(line, frame, key)));
      if (frame.t === 'goaway') {
        adviceMs = Number(frame['after_ms'] ?? 0) + Math.random() * Number(frame['jitter_ms'] ?? 0);
      } else if (frame.t === 'welcome') {
        isWelcome = true;
        welcomedAt = Date.now();
        pingMs = Number(frame['ping_ms']);
        offsetMs = offsetOf(frame['time'] as ServerTime);
        beat(Number(frame['hb_ms']));
        events.welcomed(frame);
      } else events.frame(frame);
    });
    line.once('close', (code, reason) => {
      if (socket !== line) return;
      socket = null;
      isWelcome = false;
      for (const timer of [silence, heartbeat]) if (timer !== null) clearTimeout(timer);
      if (welcomedAt > 0 && Date.now() - welcomedAt > STEADY_MS) failures = 0;
      events.lost(code, reason.toString());
      later(code);
    });
  };
  const hello = (line: WebSocket, challenge: Frame, key: DeviceKey): object => {
    const reset = store.resetReason();
    const frame = {
      t: 'hello',
      device: store.membership()?.device ?? '',
      key_id: keyIdOf(key),
      boot,
      fw: FIRMWARE,
      caps: ['enrol', 'open_door', 'message'],
      up: {
        ep: store.epoch(),
        oldest: store.oldestSeq(),
        next: store.nextSeq(),
        ...(reset === null ? {} : { reset }),
      },
      down: store.commandLog(),
      clock: { ts: Date.now(), src: 'ntp', err_ms: 20 },
    };
    const binding = bindingOf(line, String(challenge['nonce']));
    return { ...frame, sig: signWith(key, inputToSign('dgw-auth-1', binding, frame)) };
  };
  const beat = (everyMs: number): void => {
    const queued = (): number => store.nextSeq() - 1 - store.acked();
    heartbeat = setInterval(() => send({ t: 'hb', ts: Date.now(), queued: queued() }), everyMs);
  };
  const later = (code: number): void => {
    if (isStopped || !isAllowed) return;
    const { baseMs, spreadMs, doublings } = backoff;
    const waitMs = (baseMs + Math.random() * spreadMs) * 2 ** Math.min(failures, doublings);
    failures += 1;
    const needMs = code >= TERMINAL_CODES ? TERMINAL_WAIT_MS : Math.max(waitMs, adviceMs);
    adviceMs = 0;
    retry = setTimeout(open, needMs);
  };
  const send = (frame: object): boolean => {
    if (socket === null || !isWelcome || socket.readyState !== socket.OPEN) return false;
    socket.send(JSON.stringify(frame));
    return true;
  };

  return {
    start: open,
    send,
    isUp: () => isWelcome,
    serverTime: () => Date.now() + offsetMs,
    drop: () => socket?.terminate(),
    allow: (allowed) => {
      isAllowed = allowed;
      if (retry !== null) clearTimeout(retry);
      if (!allowed) socket?.terminate();
      else if (socket === null) open();
    },
    stop: () => {
      isStopped = true;
      for (const timer of [retry, silence, heartbeat]) if (timer !== null) clearTimeout(timer);
      socket?.close();
    },
  };
}

type ServerTime = { t1: number; t2: number; t3: number };

function offsetOf({ t1, t2, t3 }: ServerTime): number {
  return (t2 - t1 + (t3 - Date.now())) / 2;
}

function claimFrame(key: DeviceKey, lookup: string): object {
  return {
    t: 'claim',
    lookup,
    alg: key.algorithm,
    key: publicBytes(key).toString('base64url'),
    model: 'Simulated terminal',
    serial: randomUUID().slice(0, 8),
    fw: FIRMWARE,
  };
}

function nextFrame(socket: WebSocket, type: string): Promise<Frame> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', (code, reason) =>
      reject(new Error(`closed with ${code} ${reason.toString()} before ${type}`)),
    );
    socket.on('message', (data: RawData) => {
      const frame = JSON.parse((data as Buffer).toString('utf8')) as Frame;
      if (frame.t === type) resolve(frame);
    });
  });
}
