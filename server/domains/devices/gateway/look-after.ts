// What a replica does for the devices it holds: ends connections that were barred, re-keyed or taken over
// elsewhere, delivers commands that came from elsewhere, and keeps its leases alive.

import { transaction } from '../../../platform/database/database.ts';
import { mayConnect, type DeviceStatus } from '../device.ts';
import { type DevicesParts, TIMES } from '../parts.ts';
import { type HeldState, readHeld, renewLeases } from '../store-leases.ts';
import { CLOSE } from './protocol.ts';
import type { Session } from './session.ts';

type Sessions = ReadonlyMap<string, Session>;

export async function lookAfter({ deps }: DevicesParts, sessions: Sessions): Promise<void> {
  for (const [orgId, held] of byOrg(sessions)) {
    const states = await readHeld(
      deps.databases.org(orgId),
      held.map((session) => session.deviceId),
    );
    const found = new Map(states.map((state) => [state.id, state]));
    for (const session of held) actOn(session, found.get(session.deviceId));
  }
}

export async function renewHeld({ deps }: DevicesParts, sessions: Sessions): Promise<void> {
  const { databases, world } = deps;
  for (const [orgId, held] of byOrg(sessions)) {
    const now = world.clock.now();
    const leases = held.map(({ deviceId: id, gen }) => ({ id, gen }));
    await transaction(databases.org(orgId), (tx) =>
      renewLeases(tx, leases, { now, expiresAt: now + TIMES.leaseMs }),
    );
  }
}

function actOn(session: Session, state: HeldState | undefined): void {
  if (state === undefined || !mayConnect(state.status as DeviceStatus))
    return session.close(CLOSE.barred, state?.status ?? 'unknown');
  if (state.keyId !== session.keyId) return session.close(CLOSE.barred, 'claimed with another key');
  if (state.gen > session.gen)
    return session.close(CLOSE.replaced, 'replaced by a newer connection');
  if (state.queued > 0) session.deliver();
}

function byOrg(sessions: Sessions): Map<string, Session[]> {
  return Map.groupBy(
    [...sessions.values()].filter((session) => session.isOpen),
    ({ orgId }) => orgId,
  );
}
