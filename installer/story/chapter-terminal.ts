// Chapter 1: a terminal claims its place with a claim code and connects.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage } from './cast.ts';
import { startTerminal } from './terminal-process.ts';

type Connected = Pick<Stage, 'terminal' | 'siteId' | 'deviceId' | 'organizationId'>;

export async function connectTerminal(stage: Omit<Stage, keyof Connected>): Promise<Connected> {
  const { api, narrator, telling, environment } = stage;
  narrator.chapter('A terminal claims its place and connects');
  const who = await api.get<{ organization_id: string; node_ids: string[] }>('/v1/whoami');
  const site = await narrator.step('A site is created under the organization', () =>
    api.post<{ id: string }>('/v1/nodes', {
      parent_id: who.node_ids[0],
      kind: 'site',
      name: `Front gate ${telling}`,
    }),
  );
  const device = await narrator.step('The terminal is registered, unclaimed', () =>
    api.post<{ id: string }>('/v1/devices', {
      node_id: site.id,
      name: `Gate terminal ${telling}`,
    }),
  );
  const claim = await narrator.step('A single-use claim code is issued', () =>
    api.post<{ qr_text: string }>(`/v1/devices/${device.id}/claim-codes`),
  );
  const store = join(environment.workDir, `terminal-${telling}`);
  mkdirSync(store, { recursive: true, mode: 0o700 });
  const terminal = startTerminal(stage.root, { store, args: ['--claim', claim.qr_text] });
  await narrator.step(
    'The terminal pins the appliance, claims with its own new key, and is welcomed over TLS 1.3',
    () => terminal.waitForLine((line) => line['ev'] === 'online', 'online'),
  );
  return { terminal, siteId: site.id, deviceId: device.id, organizationId: who.organization_id };
}
