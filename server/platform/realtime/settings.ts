// The numbers and names that a realtime listener is given.

export interface RealtimeSettings {
  host: string;
  port: number;
  path: string;
  /** Subprotocols, the best first. */
  protocols: readonly string[];
  maxPayloadBytes: number;
  /** Time between two pings, and how long the other side has to answer one. */
  pingMs: number;
  pongDeadlineMs: number;
  /** Bytes that may wait for one connection; beyond, it is closed as too slow. */
  sendQueueBytes: number;
  connectionsMax: number;
  connectsPerSecond: number;
}

export const LIMITS = {
  /** A message in more pieces than this is no terminal's. */
  fragmentsMax: 64,
  /** RFC 6455 §5.5.1: a close frame holds 125 bytes, two of them the code. */
  closeReasonBytes: 123,
  /** How long the other side has to answer a close frame before the socket is cut. */
  closeMs: 2_000,
  handshakeMs: 10_000,
  /** Sockets still in their TLS or HTTP handshake, beside the admitted ones. */
  pendingSockets: 256,
} as const;

/** Close codes that the listener itself sends; those of a protocol are the protocol's. */
export const CLOSE = { goingAway: 4000, slow: 4008, noPong: 4012, malformed: 4501 } as const;
