// Somebody at a door: asks for payments one after another over the device protocol, and how long each answer
// took by the terminal's clock.

import { randomBytes } from 'node:crypto';
import type { ClaimedDevice } from '../../test/bad-input/device-client.ts';
import { claim, connect } from '../../test/bad-input/device-client.ts';
import type { ApiClient } from '../../installer/story/api-client.ts';

export interface Probe {
  modality: 'face';
  extractor: string;
  vector: string;
  quality: number;
}

export interface Door {
  /** Milliseconds of each answer; throws unless every one is an approval. */
  pay(count: number, probes: readonly Probe[]): Promise<number[]>;
  close(): void;
}

const DEADLINE_MS = 5_000;

export async function claimDoor(
  client: ApiClient,
  gateway: string,
  siteId: string,
): Promise<ClaimedDevice> {
  const terminal = { node_id: siteId, name: 'Bench door' };
  const { id } = await client.post<{ id: string }>('/v1/devices', terminal);
  const { qr_text: qr } = await client.post<{ qr_text: string }>(`/v1/devices/${id}/claim-codes`);
  return claim(gateway, qr);
}

export async function openDoor(gateway: string, device: ClaimedDevice): Promise<Door> {
  const line = await connect(gateway, device);
  return {
    pay: async (count, probes) => {
      const tookMs: number[] = [];
      for (let turn = 0; turn < count; turn += 1) {
        const ask = {
          ...{ t: 'ask', id: `opr_t_${randomBytes(16).toString('hex')}`, kind: 'payment' },
          deadline_ms: DEADLINE_MS,
          p: { amount: { amount: 1, currency: 'EUR' }, probe: probes[turn % probes.length] },
        };
        const from = performance.now();
        line.send(ask);
        const answer = await line.frame('answer');
        tookMs.push(performance.now() - from);
        if (answer['decision'] !== 'approved')
          throw new Error(`Expected an approval, found ${JSON.stringify(answer)}.`);
      }
      return tookMs;
    },
    close: () => line.close(),
  };
}
