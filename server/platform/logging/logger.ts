// Log lines: JSON, one per request and per job, with the build's commit in each. Fields that the
// settings or the schemas mark as secret are replaced wherever they stand in the first levels.

import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';

export interface LogSettings {
  level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  version: string;
  commit: string;
  /** The role of this process: `all`, `api`, `gateway` … */
  role: string;
  /**
   * Names of fields that are never written, from the settings' and the schemas' marks. Looked at with
   * each line: what is composed after the log may add its own.
   */
  secretNames: ReadonlySet<string>;
}

/** Names that are secret whoever logs them. */
const ALWAYS_SECRET: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'vector',
  'sealed',
  'template',
  'probe',
]);

const SHOWN_INSTEAD = '[redacted]';

/** Deeper objects are not logged by anything of ours. */
const LEVELS = 3;

export function createLogger(settings: LogSettings, destination?: DestinationStream): Logger {
  const { level, version, commit, role, secretNames } = settings;
  const hide = (entry: Record<string, unknown>): Record<string, unknown> =>
    withoutSecrets(entry, secretNames, LEVELS);
  const options = {
    level,
    base: { role, version, commit },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: hide, bindings: hide },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Errors are left to their serializer: their `code` is the system's word. */
function withoutSecrets(
  entry: Record<string, unknown>,
  names: ReadonlySet<string>,
  levels: number,
): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(entry)) {
    if (ALWAYS_SECRET.has(name) || names.has(name)) shown[name] = SHOWN_INSTEAD;
    else if (levels > 1 && isPlain(value)) shown[name] = withoutSecrets(value, names, levels - 1);
    else if (levels > 1 && Array.isArray(value)) {
      shown[name] = value.map((item: unknown) =>
        isPlain(item) ? withoutSecrets(item, names, levels - 1) : item,
      );
    } else shown[name] = value;
  }
  return shown;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
