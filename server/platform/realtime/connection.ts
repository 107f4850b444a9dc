// One connection: frames out through a queue that is bounded in bytes and written once per turn, frames
// in as text, liveness by ping and pong. Knows nothing of what the frames mean. A slow, silent or broken
// other side ends its own connection and nothing else.

import type { TLSSocket } from 'node:tls';
import type { RawData, WebSocket } from 'ws';
import type { Timer, World } from '../../shared/world.ts';
import { CLOSE, LIMITS, type RealtimeSettings } from './settings.ts';

export interface Connection {
  readonly remoteAddress: string;
  readonly protocol: string;
  /** Bytes that both ends of this TLS session, and nobody else, can derive (RFC 8446 §7.5). */
  exportKey(label: string, lengthBytes: number): Buffer;
  /** False when the frame was not taken: the connection is closing, or just became too slow. */
  send(frame: object): boolean;
  close(code: number, reason: string): void;
  /** Stops and restarts reading; the other side feels it through TCP. */
  pause(): void;
  resume(): void;
  readonly isOpen: boolean;
  readonly queuedBytes: number;
  onText(listen: (text: string) => void): void;
  /** Called once, whoever closed. The code is ours when we closed, else the other side's. */
  onClose(listen: (code: number, reason: string) => void): void;
}

export interface ConnectionParts {
  socket: WebSocket;
  tls: TLSSocket;
  world: Pick<World, 'timers'>;
  settings: RealtimeSettings;
}

export function createConnection({ socket, tls, world, settings }: ConnectionParts): Connection {
  const { timers } = world;
  let onText: (text: string) => void = () => undefined;
  let onClose: (code: number, reason: string) => void = () => undefined;
  let ours: { code: number; reason: string } | null = null;
  let corked = false;
  let cut: Timer | null = null;
  const remoteAddress = tls.remoteAddress ?? '';

  const close = (code: number, reason: string): void => {
    if (ours !== null) return;
    ours = { code, reason: shorten(reason) };
    socket.close(code, ours.reason);
    // A peer that does not read never sees the close frame.
    cut = timers.after(LIMITS.closeMs, () => socket.terminate());
  };
  const queuedBytes = (): number => socket.bufferedAmount;
  const isOpen = (): boolean => ours === null && socket.readyState === socket.OPEN;
  const cork = (): void => {
    if (corked) return;
    corked = true;
    tls.cork();
    setImmediate(() => {
      corked = false;
      tls.uncork();
    });
  };
  const send = (frame: object): boolean => {
    if (!isOpen()) return false;
    const text = JSON.stringify(frame);
    if (queuedBytes() + Buffer.byteLength(text) > settings.sendQueueBytes) {
      close(CLOSE.slow, 'too slow: its queue is full');
      return false;
    }
    cork();
    socket.send(text);
    return true;
  };

  const stopPings = keepAlive(socket, { timers, settings, giveUp: close });
  socket.on('message', (data: RawData, isBinary) => {
    if (!isOpen()) return;
    if (isBinary) close(CLOSE.malformed, 'binary frames are reserved');
    else onText((data as Buffer).toString('utf8')); // `nodebuffer`: always one Buffer
  });
  socket.on('error', () => undefined); // always followed by 'close', with the code that says what
  socket.once('close', (code, reason) => {
    stopPings();
    cut?.cancel();
    onClose(ours?.code ?? code, ours?.reason ?? String(reason));
  });

  return {
    remoteAddress,
    protocol: socket.protocol,
    exportKey: (label, lengthBytes) =>
      tls.exportKeyingMaterial(lengthBytes, label, Buffer.alloc(0)),
    send,
    close,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    get isOpen() {
      return isOpen();
    },
    get queuedBytes() {
      return queuedBytes();
    },
    onText: (listen) => void (onText = listen),
    onClose: (listen) => void (onClose = listen),
  };
}

interface KeepAlive {
  timers: World['timers'];
  settings: RealtimeSettings;
  giveUp: (code: number, reason: string) => void;
}

/** Whatever arrives proves life; a ping that nothing answers ends the connection. */
function keepAlive(socket: WebSocket, { timers, settings, giveUp }: KeepAlive): () => void {
  let deadline: Timer | null = null;
  const alive = (): void => {
    deadline?.cancel();
    deadline = null;
  };
  const pings = timers.every(settings.pingMs, () => {
    if (socket.readyState !== socket.OPEN || deadline !== null || socket.isPaused) return;
    socket.ping();
    deadline = timers.after(settings.pongDeadlineMs, () => {
      deadline = null;
      // While we do not read, silence is ours.
      if (!socket.isPaused) giveUp(CLOSE.noPong, 'no pong in time');
    });
  });
  socket.on('pong', alive);
  socket.on('message', alive);
  return () => {
    pings.cancel();
    alive();
  };
}

/** Cuts at a character, not inside one. */
function shorten(reason: string): string {
  let text = reason;
  while (Buffer.byteLength(text) > LIMITS.closeReasonBytes) text = text.slice(0, -1);
  return text;
}
