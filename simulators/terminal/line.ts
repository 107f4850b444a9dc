// One connection of the terminal, from its challenge to its end: says hello, beats, and gives up on silence
// (docs/device-protocol.md §5 and §9).

import { randomBytes } from 'node:crypto';
import type { RawData } from 'ws';
import { inputToSign, keyIdOf, signWith } from './proofs.ts';
import type { Store } from './store.ts';
import { bindingOf, dial } from './trust.ts';

export type Frame = { t: string; [field: string]: unknown };

export type LineEvents = {
  welcomed(welcome: Frame): void;
  frame(frame: Frame): void;
  /** Milliseconds the server wants to be left alone. */
  advised(waitMs: number): void;
  ended(code: number, reason: string): void;
};

export type Line = {
  /** False before the welcome and after the end. */
  send(frame: object): boolean;
  isWelcome(): boolean;
  cut(): void;
  close(): void;
};

/** Changes with every start of the process. */
const BOOT = randomBytes(8).toString('hex');
const FIRMWARE = 'simulated/1';
const PING_MS = 25_000;

/** Null while the terminal has no place. */
export function openLine(store: Store, events: LineEvents): Line | null {
  const membership = store.membership();
  if (membership === null) return null;
  const socket = dial(membership, membership.ca);
  let pingMs = PING_MS;
  let isWelcome = false;
  let silence: NodeJS.Timeout | null = null;
  let heartbeat: NodeJS.Timeout | null = null;

  const write = (frame: object): void => socket.send(JSON.stringify(frame));
  const heard = (): void => {
    if (silence !== null) clearTimeout(silence);
    silence = setTimeout(() => socket.terminate(), 2 * pingMs);
  };
  const received = (frame: Frame): void => {
    switch (frame.t) {
      case 'challenge':
        return write(helloFrame(store, bindingOf(socket, String(frame['nonce']))));
      case 'goaway': {
        const jitterMs = Math.random() * Number(frame['jitter_ms'] ?? 0);
        return events.advised(Number(frame['after_ms'] ?? 0) + jitterMs);
      }
      case 'welcome': {
        isWelcome = true;
        pingMs = Number(frame['ping_ms']);
        const queued = (): number => store.nextSeq() - 1 - store.acked();
        const beat = (): void => write({ t: 'hb', ts: Date.now(), queued: queued() });
        heartbeat = setInterval(beat, Number(frame['hb_ms']));
        return events.welcomed(frame);
      }
      default:
        return events.frame(frame);
    }
  };
  socket.on('ping', heard);
  socket.on('message', (data: RawData) => {
    heard();
    received(JSON.parse((data as Buffer).toString('utf8')) as Frame);
  });
  socket.on('unexpected-response', (_request, response) => {
    events.advised(Number(response.headers['retry-after'] ?? 0) * 1_000);
    socket.terminate();
  });
  socket.on('error', () => undefined); // 'close' follows
  socket.once('close', (code, reason) => {
    isWelcome = false;
    for (const timer of [silence, heartbeat]) if (timer !== null) clearTimeout(timer);
    events.ended(code, reason.toString());
  });
  return {
    send: (frame) => {
      if (!isWelcome || socket.readyState !== socket.OPEN) return false;
      write(frame);
      return true;
    },
    isWelcome: () => isWelcome,
    cut: () => socket.terminate(),
    close: () => socket.close(),
  };
}

function helloFrame(store: Store, binding: ReturnType<typeof bindingOf>): object {
  const key = store.key();
  if (key === null) throw new Error('the terminal has a place and no key');
  const reset = store.resetReason();
  const frame = {
    t: 'hello',
    device: store.membership()?.device ?? '',
    key_id: keyIdOf(key),
    boot: BOOT,
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
  return { ...frame, sig: signWith(key, inputToSign('dgw-auth-1', binding, frame)) };
}
