// SQL of shard leases. Time is the database's own, so that replicas with wrong clocks still agree.

import type { EngineTx } from '../database/database.ts';
import { SHARDS } from './shard-of.ts';

export interface HeldShard {
  shard: number;
  epoch: number;
}

export async function ensureShards(tx: EngineTx): Promise<void> {
  const shards = Array.from({ length: SHARDS }, (_none, shard) => ({ shard }));
  await tx.execute(
    `insert into outbox_shard (shard, owner, epoch, lease_until)
     select s.shard, null, 0, 0 from ${tx.dialect.rowsOf('$1', { shard: 'integer' }, 's')} where true
     on conflict (shard) do nothing`,
    [JSON.stringify(shards)],
  );
}

/** Takes every shard whose lease is over. A new epoch fences whoever held it before. */
export async function takeShards(
  tx: EngineTx,
  { owner, leaseMs }: { owner: string; leaseMs: number },
): Promise<readonly HeldShard[]> {
  const { nowMs, forUpdateSkipLocked } = tx.dialect;
  return tx.query<{ shard: number; epoch: number }>(
    `with free as materialized (
       select shard from outbox_shard where lease_until < ${nowMs} order by shard ${forUpdateSkipLocked})
     update outbox_shard set owner = $1, epoch = epoch + 1, lease_until = ${nowMs} + $2
      where shard in (select shard from free)
     returning shard, epoch`,
    [owner, leaseMs],
  );
}

/** Returns those that are still ours; the others are lost at once. */
export async function renewShards(
  tx: EngineTx,
  { owner, leaseMs, held }: { owner: string; leaseMs: number; held: readonly HeldShard[] },
): Promise<readonly HeldShard[]> {
  const given = tx.dialect.rowsOf('$3', { shard: 'integer', epoch: 'integer' }, 'h');
  return tx.query<{ shard: number; epoch: number }>(
    `update outbox_shard set lease_until = ${tx.dialect.nowMs} + $2
      where owner = $1
        and exists (select 1 from ${given}
                     where h.shard = outbox_shard.shard and h.epoch = outbox_shard.epoch)
     returning shard, epoch`,
    [owner, leaseMs, JSON.stringify(held)],
  );
}

/** A clean stop hands over at once instead of letting the lease run out. */
export async function releaseShards(tx: EngineTx, owner: string): Promise<void> {
  await tx.execute(`update outbox_shard set lease_until = 0, owner = null where owner = $1`, [
    owner,
  ]);
}
