// SQL over claim codes. The look-up by the public half crosses organizations and runs as the engine.

import type { EngineDatabase, Tx } from '../../platform/database/database.ts';
import type { Instant } from '../../shared/world.ts';
import type { Claim } from './claim.ts';

/** False when the lookup is taken by a code that is still in use. */
export async function insertClaim(tx: Tx, claim: Claim): Promise<boolean> {
  const { id, deviceId, lookup, sealed, attempts, expiresAt, createdAt, version } = claim;
  const made = await tx.execute(
    `insert into device_claim (org_id, id, device_id, lookup, code_sealed, attempts, expires_at,
       used_at, created_at, version)
     values ($1, $2, $3, $4, $5, $6, $7, null, $8, $9) on conflict (lookup) do nothing`,
    [tx.org, id, deviceId, lookup, sealed, attempts, expiresAt, createdAt, version],
  );
  return made === 1;
}

/** Frees the lookups of a device's earlier codes and forgets their secrets: one code at a time. */
export async function voidClaims(tx: Tx, deviceId: string): Promise<void> {
  await tx.execute(
    `update device_claim set lookup = id, code_sealed = $3, version = version + 1
      where org_id = $1 and device_id = $2 and lookup <> id`,
    [tx.org, deviceId, Buffer.alloc(0)],
  );
}

export async function findClaimByLookup(
  db: EngineDatabase,
  lookup: string,
): Promise<{ orgId: string; id: string } | null> {
  const rows = await db.query<{ org_id: string; id: string }>(
    `select org_id, id from device_claim where lookup = $1`,
    [lookup],
  );
  return rows[0] === undefined ? null : { orgId: rows[0].org_id, id: rows[0].id };
}

/** Counts the attempt before anything is compared; null when the code cannot be tried any more. */
export async function takeAttempt(
  tx: Tx,
  id: string,
  { now, attemptsMax }: { now: Instant; attemptsMax: number },
): Promise<Claim | null> {
  const rows = await tx.query<ClaimRow>(
    `update device_claim set attempts = attempts + 1, version = version + 1
      where org_id = $1 and id = $2 and attempts < $3 and expires_at > $4 and lookup <> id
      returning id, device_id, lookup, code_sealed, attempts, expires_at, used_at, created_at, version`,
    [tx.org, id, attemptsMax, now],
  );
  return rows[0] === undefined ? null : toClaim(rows[0]);
}

/** Null once it was voided. The device's row is locked, so nobody else uses it at the same time. */
export async function findClaim(tx: Tx, id: string): Promise<Claim | null> {
  const rows = await tx.query<ClaimRow>(
    `select id, device_id, lookup, code_sealed, attempts, expires_at, used_at, created_at, version
       from device_claim where org_id = $1 and id = $2 and lookup <> id`,
    [tx.org, id],
  );
  return rows[0] === undefined ? null : toClaim(rows[0]);
}

export async function updateUsed(tx: Tx, id: string, at: Instant): Promise<void> {
  await tx.execute(
    `update device_claim set used_at = $3, version = version + 1 where org_id = $1 and id = $2`,
    [tx.org, id, at],
  );
}

interface ClaimRow extends Record<string, unknown> {
  id: string;
  device_id: string;
  lookup: string;
  code_sealed: Buffer;
  attempts: number;
  expires_at: number;
  used_at: number | null;
  created_at: number;
  version: number;
}

function toClaim(row: ClaimRow): Claim {
  return {
    id: row.id,
    deviceId: row.device_id,
    lookup: row.lookup,
    sealed: row.code_sealed,
    attempts: row.attempts,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
    createdAt: row.created_at,
    version: row.version,
  };
}
