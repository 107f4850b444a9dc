// What one try of an operation sends, and when the same bytes may be sent again.

import type { HttpRequest } from '../../platform/outside/http-exchange.ts';
import type { Operation } from './operation.ts';
import type { OperationView } from './outcome.ts';
import type { Room } from './room.ts';
import { KEY_WINDOW_SHARE } from './settings.ts';

export type Mode = 'execute' | 'replay' | 'lookup';

export interface OperationRequest {
  mode: Mode;
  http: HttpRequest;
  view: OperationView;
}

/** The same bytes under the same key, while the provider surely remembers the key. */
export function mayReplay(
  room: Pick<Room, 'provider'>,
  operation: Pick<Operation, 'status' | 'keySpent' | 'firstSentAt'>,
  now: number,
): boolean {
  if (operation.status !== 'unknown' || operation.keySpent || operation.firstSentAt === null)
    return false;
  return now < operation.firstSentAt + KEY_WINDOW_SHARE * room.provider.keyWindowMs;
}
