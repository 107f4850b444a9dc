// The terminal's lasting link: dials again whenever its line ends, with the back-off of
// docs/device-protocol.md §9 and the advice of the server.

import { type Frame, type Line, openLine } from './line.ts';
import type { Store } from './store.ts';

export type { Frame } from './line.ts';

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

/** Codes from here on: an hour, or an operator (§10). */
const TERMINAL_CODES = 4_500;
const TERMINAL_WAIT_MS = 3_600_000;
const STEADY_MS = 60_000;

export function createLink(store: Store, events: LinkEvents, backoff: Backoff): Link {
  let line: Line | null = null;
  let isWanted = false;
  let failures = 0;
  let retry: NodeJS.Timeout | null = null;
  let adviceMs = 0;
  let offsetMs = 0;
  let welcomedAt: number | null = null;

  const open = (): void => {
    if (!isWanted || line !== null) return;
    line = openLine(store, {
      frame: events.frame,
      advised: (waitMs) => (adviceMs = waitMs),
      welcomed: (welcome) => {
        welcomedAt = performance.now();
        offsetMs = offsetOf(welcome['time'] as ServerTime);
        events.welcomed(welcome);
      },
      ended: (code, reason) => {
        line = null;
        if (welcomedAt !== null && performance.now() - welcomedAt > STEADY_MS) failures = 0;
        welcomedAt = null;
        events.lost(code, reason);
        if (isWanted) retry = setTimeout(open, waitAfter(code));
      },
    });
  };
  const waitAfter = (code: number): number => {
    const { baseMs, spreadMs, doublings } = backoff;
    const waitMs = (baseMs + Math.random() * spreadMs) * 2 ** Math.min(failures, doublings);
    const neededMs = code >= TERMINAL_CODES ? TERMINAL_WAIT_MS : adviceMs;
    failures += 1;
    adviceMs = 0;
    return Math.max(waitMs, neededMs);
  };
  const allow = (isAllowed: boolean): void => {
    isWanted = isAllowed;
    if (retry !== null) clearTimeout(retry);
    if (isAllowed) open();
    else line?.cut();
  };

  return {
    start: () => allow(true),
    send: (frame) => line?.send(frame) ?? false,
    isUp: () => line?.isWelcome() ?? false,
    serverTime: () => Date.now() + offsetMs,
    drop: () => line?.cut(),
    allow,
    stop: () => {
      isWanted = false;
      if (retry !== null) clearTimeout(retry);
      line?.close();
    },
  };
}

type ServerTime = { t1: number; t2: number; t3: number };

function offsetOf({ t1, t2, t3 }: ServerTime): number {
  return (t2 - t1 + (t3 - Date.now())) / 2;
}
