// What the http room is told by compose.ts. Every limit has its unit in its name.

import type { ApiVersion } from './versions.ts';

export interface Build {
  version: string;
  /** The commit this code was built from, or `unknown`. */
  commit: string;
}

export interface HttpSettings {
  headerLimitBytes: number;
  bodyLimitBytes: number;
  /** Raw payloads: signed provider events. */
  rawLimitBytes: number;
  importBodyLimitBytes: number;
  importLineLimitBytes: number;
  requestTimeoutMs: number;
  /** For NDJSON streams, which are large by nature. */
  streamTimeoutMs: number;
  /** How long readiness is already down while requests are still taken. */
  drainNoticeMs: number;
  /** How long requests in flight may take to finish. */
  drainMs: number;
  pageLimitDefault: number;
  pageLimitMax: number;
  idempotencyDays: number;
  /** Signs cursors; the same on every replica. */
  cursorKey: Uint8Array;
  /** Dated versions, oldest first. */
  versions: readonly ApiVersion[];
  build: Build;
}
