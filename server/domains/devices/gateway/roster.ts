// Who is connected here: at most one session per device, the newest generation. The end of a session lets
// its lease go, and says so, only when no newer connection has taken over.

import { transaction } from '../../../platform/database/database.ts';
import type { Connection } from '../../../platform/realtime/index.ts';
import { toError } from '../../../shared/errors.ts';
import type { DevicesParts } from '../parts.ts';
import { releaseLease } from '../store-leases.ts';
import { CLOSE } from './protocol.ts';
import type { Session } from './session.ts';

export interface Roster {
  readonly sessions: ReadonlyMap<string, Session>;
  /** False when it may not stay: it is gone already, or a newer one is here. */
  enter(connection: Connection, session: Session): boolean;
  /** Resolves when every lease of those who left was dealt with. */
  settled(): Promise<unknown>;
}

const REPLACED = 'replaced by a newer connection';

export function createRoster(domain: DevicesParts, onEnd: (code: number) => void): Roster {
  const sessions = new Map<string, Session>();
  const cleanups = new Set<Promise<void>>();

  const gone = (session: Session, code: number): void => {
    onEnd(code);
    session.ended();
    if (sessions.get(session.deviceId) === session) sessions.delete(session.deviceId);
    const cleanup = leave(domain, session, code);
    cleanups.add(cleanup);
    void cleanup.finally(() => cleanups.delete(cleanup));
  };

  return {
    sessions,
    enter: (connection, session) => {
      let isGone = false;
      const end = (code: number): void => {
        if (!isGone) gone(session, code);
        isGone = true;
      };
      connection.onClose(end);
      if (!connection.isOpen) {
        end(0); // it left while its hello was verified
        return false;
      }
      const other = sessions.get(session.deviceId);
      if (other !== undefined && other.gen > session.gen) {
        session.close(CLOSE.replaced, REPLACED);
        return false;
      }
      other?.close(CLOSE.replaced, REPLACED);
      sessions.set(session.deviceId, session);
      return true;
    },
    settled: () => Promise.all(cleanups),
  };
}

async function leave(domain: DevicesParts, session: Session, code: number): Promise<void> {
  const { databases, world, log } = domain.deps;
  const held = { id: session.deviceId, gen: session.gen };
  try {
    await transaction(databases.org(session.orgId), async (tx) => {
      if (!(await releaseLease(tx, held, world.clock.now()))) return;
      await session.tellEnd(tx, code);
    });
  } catch (thrown) {
    log.warn({ err: toError(thrown), device_id: session.deviceId }, 'a lease was not released');
  }
}
