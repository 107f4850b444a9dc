// Writes files of one test into a fresh folder and loads configurations from them.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig, type ConfigSources } from '../../config/load.ts';

export function writeFile(name: string, text: string, mode = 0o600): string {
  const file = join(mkdtempSync(join(tmpdir(), 'sallyport-config-')), name);
  writeFileSync(file, text, { mode });
  return file;
}

/** The problems of a configuration that must be refused. */
export function refusal(sources: ConfigSources): ConfigError {
  try {
    loadConfig({ env: {}, ...sources });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('Expected a ConfigError, found a configuration that was accepted.');
}
