// The door of the realtime room.

export type { Connection } from './connection.ts';
export { createRealtimeServer, type RealtimeServer } from './server.ts';
export { CLOSE as REALTIME_CLOSE, type RealtimeSettings } from './settings.ts';
export { createTokenBucket, type TokenBucket } from './token-bucket.ts';
