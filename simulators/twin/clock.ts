// The twin's idea of now: the machine's clock plus an offset that survives a restart, so that
// keys expire and timestamps age when a test travels in time.

import { type Database, readSetting, writeSetting } from './database.ts';

export type Clock = {
  nowMs(): number;
  offsetMs(): number;
  advance(ms: number): void;
  setNow(nowMs: number): void;
  useReal(): void;
  onChange(listener: () => void): void;
};

export function createClock(db: Database): Clock {
  let offsetMs = Number(readSetting(db, 'clock_offset_ms') ?? '0');
  const listeners: (() => void)[] = [];

  function setOffset(ms: number): void {
    writeSetting(db, 'clock_offset_ms', String(ms));
    offsetMs = ms;
    for (const listener of listeners) listener();
  }

  return {
    nowMs: () => Date.now() + offsetMs,
    offsetMs: () => offsetMs,
    advance: (ms) => setOffset(offsetMs + ms),
    setNow: (nowMs) => setOffset(nowMs - Date.now()),
    useReal: () => setOffset(0),
    onChange: (listener) => void listeners.push(listener),
  };
}
