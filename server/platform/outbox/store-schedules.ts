// SQL of schedules: one row per run, claimed by inserting it.

import type { Instant } from '../../shared/world.ts';
import type { EngineTx } from '../database/database.ts';

export async function claimRun(
  tx: EngineTx,
  run: { name: string; bucket: Instant; owner: string; at: Instant },
): Promise<boolean> {
  const inserted = await tx.execute(
    `insert into schedule_run (name, bucket, owner, created_at) values ($1, $2, $3, $4)
     on conflict (name, bucket) do nothing`,
    [run.name, run.bucket, run.owner, run.at],
  );
  return inserted === 1;
}

export async function giveBackRun(
  tx: EngineTx,
  run: { name: string; bucket: Instant; owner: string },
): Promise<void> {
  await tx.execute(`delete from schedule_run where name = $1 and bucket = $2 and owner = $3`, [
    run.name,
    run.bucket,
    run.owner,
  ]);
}

export async function forgetRuns(tx: EngineTx, name: string, before: Instant): Promise<void> {
  await tx.execute(`delete from schedule_run where name = $1 and bucket < $2`, [name, before]);
}
