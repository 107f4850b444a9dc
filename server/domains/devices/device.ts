// The noun: a device, its states and the allowed moves between them. Pure.

import type { Instant } from '../../shared/world.ts';

export const DEVICE_STATUSES = ['unclaimed', 'pending', 'active', 'suspended', 'revoked'] as const;
/** `pending`: claimed, never connected. */
export type DeviceStatus = (typeof DEVICE_STATUSES)[number];

export type KeyAlgorithm = 'Ed25519' | 'P-256';

export interface Device {
  id: string;
  nodeId: string;
  name: string;
  model: string | null;
  serial: string | null;
  firmware: string | null;
  status: DeviceStatus;
  keyId: string | null;
  keyAlgorithm: KeyAlgorithm | null;
  /** The raw public key, base64url. */
  publicKey: string | null;
  eventEpoch: string | null;
  eventAcked: number;
  commandEpoch: string;
  commandNext: number;
  commandApplied: number;
  createdAt: Instant;
  version: number;
}

export type DeviceMove = 'claim' | 'connect' | 'suspend' | 'resume' | 'revoke';

const MOVES: Readonly<Record<DeviceMove, Partial<Record<DeviceStatus, DeviceStatus>>>> = {
  // A device that lost its key is claimed again; its next connection makes it active.
  claim: { unclaimed: 'pending', pending: 'pending', active: 'pending' },
  connect: { pending: 'active', active: 'active' },
  suspend: { pending: 'suspended', active: 'suspended', suspended: 'suspended' },
  // It may have been suspended before its first connection: that connection makes it active.
  resume: { suspended: 'pending', pending: 'pending', active: 'active' },
  revoke: {
    unclaimed: 'revoked',
    pending: 'revoked',
    active: 'revoked',
    suspended: 'revoked',
    revoked: 'revoked',
  },
};

/** The state after the move, or null when the state does not allow it. */
export function deviceAfter(move: DeviceMove, from: DeviceStatus): DeviceStatus | null {
  return MOVES[move][from] ?? null;
}

export function mayConnect(status: DeviceStatus): boolean {
  return deviceAfter('connect', status) !== null;
}
