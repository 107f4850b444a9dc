// Which shard a lane lives in: all messages of a lane are in one shard, so one worker keeps their order.

import { createHash } from 'node:crypto';

/** Written on each lane when it is opened; enough for any number of replicas that makes sense. */
export const SHARDS = 16;

export function shardOf(lane: string): number {
  return createHash('sha256').update(lane).digest().readUInt32BE(0) % SHARDS;
}
