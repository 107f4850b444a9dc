// A device claims its place: proves the code without sending it, and brings its own key. The attempt is
// counted and committed before anything is compared. Whatever is wrong, the device hears the same.

import { transaction, type Tx } from '../../../platform/database/database.ts';
import { sameBytes } from '../../../platform/crypto/bytes.ts';
import { tell } from '../../audit/index.ts';
import { type Claim, claimedInput, claimKey, CLAIM_LIMITS, claimMac } from '../claim.ts';
import { type Device, deviceAfter } from '../device.ts';
import { openClaimSecret } from '../issue-claim.ts';
import type { DevicesParts } from '../parts.ts';
import { findClaim, findClaimByLookup, takeAttempt, updateUsed } from '../store-claims.ts';
import { lockDevice, updateClaimed } from '../store-devices.ts';
import type { Claim as ClaimFrame } from './frames.ts';
import {
  importKey,
  inputToSign,
  keyIdOf,
  type SessionBinding,
  sessionBytes,
  verifySignature,
} from './signature.ts';

export interface Claimed {
  t: 'claimed';
  device: string;
  key_id: string;
  ca: string;
  mac: string;
}

export interface ClaimAttempt {
  frame: ClaimFrame;
  /** As it was sent: the proofs are over it. */
  raw: Readonly<Record<string, unknown>>;
  binding: SessionBinding;
}

/** Null when the claim is refused, whatever for. */
export async function claimDevice(
  parts: DevicesParts,
  attempt: ClaimAttempt,
): Promise<Claimed | null> {
  const { frame, raw, binding } = attempt;
  const { deps, identity } = parts;
  const found = await findClaimByLookup(deps.databases.engine, frame.lookup);
  if (found === null) return null;
  const db = deps.databases.org(found.orgId);
  const limits = { now: deps.world.clock.now(), attemptsMax: CLAIM_LIMITS.attemptsMax };
  const claim = await transaction(db, (tx) => takeAttempt(tx, found.id, limits));
  if (claim === null) return null;
  const secret = openClaimSecret(parts, found.orgId, claim);
  const key = claimKey({ lookup: claim.lookup, secret });
  const input = inputToSign('dgw-claim-1', binding, raw);
  if (input === null || !sameBytes(claimMac(key, input), frame.mac)) return null;
  const deviceKey = { algorithm: frame.alg, raw: frame.key };
  if (importKey(deviceKey) === null || !verifySignature(deviceKey, input, frame.sig)) return null;
  const device = await transaction(db, (tx) => bindKey(parts, tx, { claim, frame }));
  if (device === null) return null;
  const told = { device: device.id, keyId: keyIdOf(frame.key), ca: identity.anchorPem };
  const mac = claimMac(key, claimedInput(sessionBytes('dgw-claimed-1', binding), told));
  const proof = mac.toString('base64url');
  return { t: 'claimed', device: told.device, key_id: told.keyId, ca: told.ca, mac: proof };
}

async function bindKey(
  parts: DevicesParts,
  tx: Tx,
  { claim, frame }: { claim: Claim; frame: ClaimFrame },
): Promise<Device | null> {
  const { deps } = parts;
  const device = await lockDevice(tx, claim.deviceId);
  const current = await findClaim(tx, claim.id);
  if (device === null || current === null) return null;
  const publicKey = frame.key.toString('base64url');
  // The answer to an earlier claim was lost: the same key gets the same answer, another key none.
  if (current.usedAt !== null) return device.publicKey === publicKey ? device : null;
  const status = deviceAfter('claim', device.status);
  if (status === null) return null;
  const keyId = keyIdOf(frame.key);
  await updateUsed(tx, claim.id, deps.world.clock.now());
  await updateClaimed(tx, device.id, {
    status,
    keyId,
    keyAlgorithm: frame.alg,
    publicKey,
    model: frame.model ?? null,
    serial: frame.serial ?? null,
    firmware: frame.fw ?? null,
  });
  await tell(deps, tx, {
    type: 'device.claimed',
    subject: { kind: 'device', id: device.id },
    nodeId: device.nodeId,
    actor: { kind: 'device', id: device.id },
    data: { claim_id: claim.id, key_id: keyId, replaced_key_id: device.keyId },
  });
  tx.afterCommit(() => parts.hint(device.id));
  return { ...device, status, keyId, publicKey };
}
