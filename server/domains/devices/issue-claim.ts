// Issues a claim code: single use, fifteen minutes, five attempts, shown once. The device's earlier codes
// stop working. Refused for devices that may not be claimed.

import { boundTo } from '../../platform/crypto/bytes.ts';
import { openRecord, type SealContext, sealRecord } from '../../platform/crypto/seal.ts';
import { transaction, type OrgDatabase, type Tx } from '../../platform/database/database.ts';
import { AppError, notFound } from '../../shared/errors.ts';
import { type Actor, tell } from '../audit/index.ts';
import { type Claim, CLAIM_LIMITS, type ClaimCode, makeClaimCode, qrText } from './claim.ts';
import { deviceAfter } from './device.ts';
import type { DevicesParts } from './parts.ts';
import { insertClaim, voidClaims } from './store-claims.ts';
import { lockDevice } from './store-devices.ts';

export interface IssuedClaim {
  claim: Claim;
  code: string;
  qrText: string;
}

/** One in a million is taken; a second draw that is taken too does not happen. */
const DRAWS_MAX = 5;

export function issueClaim(
  parts: DevicesParts,
  db: OrgDatabase,
  wanted: { deviceId: string; actor: Actor; traceId: string | null },
): Promise<IssuedClaim> {
  const { deps } = parts;
  const { deviceId, actor, traceId } = wanted;
  return transaction(db, async (tx) => {
    const device = await lockDevice(tx, deviceId);
    if (device === null) throw notFound('device', deviceId);
    if (deviceAfter('claim', device.status) === null) {
      throw new AppError(
        'conflict',
        `Expected a device that is unclaimed, pending or active; ${deviceId} is ${device.status}.`,
      );
    }
    await voidClaims(tx, deviceId);
    const { claim, code } = await drawClaim(parts, tx, deviceId);
    await tell(deps, tx, {
      type: 'device.claim_code_issued',
      subject: { kind: 'device', id: deviceId },
      nodeId: device.nodeId,
      actor,
      data: { claim_id: claim.id },
      traceId,
    });
    return { claim, code: code.shown, qrText: qrText(code.shown, parts.endpoint()) };
  });
}

export function openClaimSecret(parts: DevicesParts, org: string, claim: Claim): string {
  return openRecord(sealContext(parts, org, claim), claim.sealed).toString('ascii');
}

async function drawClaim(
  parts: DevicesParts,
  tx: Tx,
  deviceId: string,
): Promise<{ claim: Claim; code: ClaimCode }> {
  const { world, ids } = parts.deps;
  const now = world.clock.now();
  for (let draw = 0; draw < DRAWS_MAX; draw += 1) {
    const code = makeClaimCode(world.random.bytes(12));
    const id = ids.make('claim');
    const secret = Buffer.from(code.secret, 'ascii');
    const claim: Claim = {
      id,
      deviceId,
      lookup: code.lookup,
      sealed: sealRecord(sealContext(parts, tx.org, { id, deviceId }), secret, world.random),
      attempts: 0,
      expiresAt: now + CLAIM_LIMITS.lifeMs,
      usedAt: null,
      createdAt: now,
      version: 1,
    };
    if (await insertClaim(tx, claim)) return { claim, code };
  }
  throw new AppError('unavailable', 'No free claim code was found; ask again.');
}

function sealContext(
  { claimKey }: DevicesParts,
  org: string,
  { id, deviceId }: Pick<Claim, 'id' | 'deviceId'>,
): SealContext {
  return {
    dek: claimKey,
    label: 'device-claim/v1',
    recordId: id,
    aad: boundTo(org, deviceId, id),
  };
}
