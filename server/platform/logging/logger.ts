// Log lines: JSON, one per request and per job, with the build's commit in each. Fields that the
// settings or the schemas mark as secret are replaced wherever they stand in the first levels.

import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';

export interface LogSettings {
  level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  version: string;
  commit: string;
  /** The role of this process: `all`, `api`, `gateway` … */
  role: string;
  /** Names of fields that are never written, from the settings' and the schemas' marks. */
  secretNames: readonly string[];
}

/** Names that are secret whoever logs them. */
const ALWAYS_SECRET: readonly string[] = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'vector',
  'sealed',
  'template',
  'probe',
];

const SHOWN_INSTEAD = '[redacted]';

export function createLogger(settings: LogSettings, destination?: DestinationStream): Logger {
  const { level, version, commit, role } = settings;
  const options = {
    level,
    base: { role, version, commit },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: redactPaths(settings.secretNames), censor: SHOWN_INSTEAD },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Three levels deep: deeper objects are not logged by anything of ours. */
function redactPaths(names: readonly string[]): string[] {
  const all = [...new Set([...ALWAYS_SECRET, ...names])].map((name) => `["${name}"]`);
  return all.flatMap((name) => [name, `*${name}`, `*.*${name}`]);
}
