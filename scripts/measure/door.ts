// A terminal of the measurement: it asks for payments and sends a steady load of events, and tells of each
// answer when it was asked and how long the terminal waited, by the terminal's own clock.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiClient } from '../../installer/story/api-client.ts';
import { type Child, type Line, startChild } from '../chaos/child.ts';
import type { Ask } from './sync-log.ts';

export interface Door {
  /** Comes back online after the server was started anew. */
  online(): Promise<void>;
  pay(personSeed: string): void;
  load(perSecond: number): void;
  /** Answers since the last time they were taken. */
  take(): Answered[];
  open(): number;
  stop(): Promise<void>;
}

export interface Answered extends Ask {
  decision: string;
}

const ONLINE_MS = 60_000;
const SETTINGS = { 'deadline-ms': 5_000, 'backoff-ms': 20, 'backoff-spread-ms': 50 };

export async function claimDoor(
  root: string,
  folder: string,
  of: { client: ApiClient; siteId: string; name: string },
): Promise<Door> {
  const { id } = await of.client.post<{ id: string }>('/v1/devices', {
    node_id: of.siteId,
    name: of.name,
  });
  const claim = await of.client.post<{ qr_text: string }>(`/v1/devices/${id}/claim-codes`);
  const store = join(folder, of.name);
  mkdirSync(store, { recursive: true, mode: 0o700 });
  const flags = Object.entries(SETTINGS).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  let answered: Answered[] = [];
  let open = 0;
  let isOnline = false;
  const listen = (line: Line): void => {
    if (line['ev'] === 'online') isOnline = true;
    if (line['ev'] === 'offline') isOnline = false;
    if (line['ev'] === 'asked') open += 1;
    if (line['ev'] !== 'answer') return;
    open -= 1;
    const tookMs = Number(line['ms']);
    const decision = String(line['decision']);
    answered.push({ atMs: Date.now() - tookMs, tookMs, decision });
  };
  const child: Child = startChild({
    name: of.name,
    args: [
      join(root, 'simulators/terminal/main.ts'),
      '--store',
      store,
      '--claim',
      claim.qr_text,
      ...flags,
    ],
    logFile: `${store}.log`,
    onLine: listen,
  });
  const online = async (): Promise<void> => {
    if (!isOnline) await child.line(() => isOnline, 'online', ONLINE_MS);
  };
  await online();
  return {
    online,
    pay: (personSeed) =>
      child.tell({ cmd: 'pay', person_seed: personSeed, amount: 100, currency: 'EUR' }),
    load: (perSecond) => child.tell({ cmd: 'load', per_second: perSecond }),
    take: () => {
      const taken = answered;
      answered = [];
      return taken;
    },
    open: () => open,
    stop: () => child.stop(5_000),
  };
}
