// Keeps the evidence of an identification beside what it led to, in the same transaction.

import type { Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import type { Identification } from './identification.ts';
import { insertIdentification, type StoredIdentification } from './store-identifications.ts';

export async function recordIdentification(
  deps: Pick<Deps, 'ids' | 'world'>,
  tx: Tx,
  { identification, deviceId, nodeId }: RecordedIdentification,
): Promise<StoredIdentification> {
  const { tookMs: _notKept, ...found } = identification;
  const stored: StoredIdentification = {
    ...found,
    score: rounded(found.score),
    margin: rounded(found.margin),
    id: deps.ids.make('identification'),
    deviceId,
    nodeId,
    createdAt: deps.world.clock.now(),
  };
  await insertIdentification(tx, stored);
  return stored;
}

export interface RecordedIdentification {
  identification: Identification;
  deviceId: string | null;
  nodeId: string;
}

/** As it is kept: in millionths. The answer and the record say the same. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1_000_000) / 1_000_000;
}
