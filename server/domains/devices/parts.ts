// What the files of this domain share: handed in once by compose.ts, passed as the first argument.

import type { GatewayIdentity } from '../../platform/crypto/appliance-authority.ts';
import type { OrgDatabase, Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import type { Caller } from '../../platform/http/route.ts';
import type { RealtimeSettings } from '../../platform/realtime/index.ts';
import type { Instant } from '../../shared/world.ts';

/** Whom a frame came from, and what may be asked on its behalf. */
export interface DeviceContext {
  device: { id: string; nodeId: string; name: string };
  /** The device as a caller of verbs: its own actions on its own node. */
  caller: Caller;
  db: OrgDatabase;
  traceId: string;
}

export interface DecisionContext extends DeviceContext {
  /** Wall time by which the answer must be out; a decision must not take effect after it. */
  deadlineAt: Instant;
  /** Aborted at the deadline: what is answered after it is void. */
  signal: AbortSignal;
}

export interface DecisionRequest {
  /** Minted and stored in the device before its first byte: the same id, the same decision. */
  id: string;
  kind: string;
  p: Readonly<Record<string, unknown>>;
}

export interface DecisionAnswer {
  decision: 'approved' | 'refused' | 'expired';
  reason: string | null;
  [extra: string]: unknown;
}

/** What a kind of question means is not known here. An AppError becomes an answer `error`. */
export interface Decision {
  /** The same id, the same answer. Throws `deadline_passed` when it comes too late to decide. */
  decide(context: DecisionContext, request: DecisionRequest): Promise<DecisionAnswer>;
  /**
   * Nothing was told in time: makes it true that nothing is in force under this id, for good, and answers
   * `expired`; or answers the decision that stands all the same.
   */
  giveUp(
    context: Omit<DecisionContext, 'signal'>,
    request: DecisionRequest,
  ): Promise<DecisionAnswer>;
}

/** What a command's result means. An AppError of the caller's kind makes the command fail for good. */
export interface CommandResult {
  /** Before the transaction: keys, galleries, everything that is not the database. */
  prepare?(context: DeviceContext): Promise<void>;
  /** In the transaction of the receipt. Returns what is stored and shown in place of the result. */
  store(
    tx: Tx,
    context: DeviceContext,
    received: {
      commandId: string;
      params: Record<string, unknown>;
      result: Record<string, unknown>;
    },
  ): Promise<unknown>;
}

export interface DevicesSettings {
  /** Names this process in leases; unique among those that run. */
  replica: string;
  gateway: Omit<RealtimeSettings, 'path' | 'protocols'> & {
    authDeadlineMs: number;
    windowEvents: number;
    decideDeadlineMsMax: number;
  };
  /** What a claim code tells devices to dial. `port: null` is the port the gateway listens on here. */
  endpoint: { host: string; port: number | null };
}

export interface DevicesOptions {
  settings: DevicesSettings;
  identity: GatewayIdentity;
  /** 32 bytes, the same on every replica; seals the secrets of claim codes. */
  claimKey: Buffer;
  decisions: Readonly<Record<string, Decision>>;
  commandResults: Readonly<Record<string, CommandResult>>;
}

export interface DevicesParts extends DevicesOptions {
  deps: Deps;
  /** Tells this process's gateway, if it runs, that something of the device changed. A hint only. */
  hint(deviceId: string): void;
  endpoint(): { host: string; port: number; pin: string };
  /** When a failed hello of a device was last told. */
  failuresTold: Map<string, number>;
}

/** Fixed times of the gateway, in one place because they belong together. */
export const TIMES = {
  /** Presence ends this long after the last sign of the replica that holds the device. */
  leaseMs: 45_000,
  leaseRenewMs: 10_000,
  /** Commands, suspensions and takeovers made by another replica are noticed within this. */
  lookMs: 500,
  heartbeatMs: 60_000,
} as const;
