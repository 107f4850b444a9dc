// One live setting of an appliance.yaml, and what the server says it has in force.

import { readFileSync, writeFileSync } from 'node:fs';
import type { ConfigInForce } from '../../../installer/runtimes/config-state.ts';

export function setLogLevel(file: string, level: string): void {
  const text = readFileSync(file, 'utf8');
  const line = `config:\n  log: { level: ${level} }\n`;
  writeFileSync(file, text.replace('config:\n', line), { mode: 0o600 });
}

export async function readiness(api: string): Promise<{ config: ConfigInForce }> {
  const response = await fetch(`${api}/readyz?verbose`);
  return (await response.json()) as { config: ConfigInForce };
}
