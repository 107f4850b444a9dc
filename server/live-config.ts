// The configuration in force. A reload reads everything anew and either puts all of its live changes in
// force at once or, when anything is wrong, nothing. Nobody else holds a configuration: what may change is
// read through here at each use.

import { createHmac } from 'node:crypto';
import { type Config, ConfigError, type LoadedConfig, problemLine } from '../config/load.ts';
import { takeLive } from '../config/take-live.ts';
import type { ConfigState } from './domains/appliance/index.ts';
import type { Clock } from './shared/world.ts';

export interface LiveConfig {
  current(): Config;
  /** Called once per change; `current()` is the new one already. */
  onChange(listen: (now: Config) => void): void;
  /** Reads everything anew. Never throws for a wrong configuration: the one in force stays. */
  reload(): Reload;
  state(): ConfigState;
  /** What was read last time, or would have been. */
  files(): readonly string[];
}

export interface Reload {
  problems: readonly string[];
  warnings: readonly string[];
  /** Names of the settings that changed. */
  changed: readonly string[];
  restartNeeded: readonly string[];
}

export function createLiveConfig(
  first: LoadedConfig,
  { load, clock }: { load: () => LoadedConfig; clock: Clock },
): LiveConfig {
  let config = first.config;
  let { files } = first;
  const listeners: ((now: Config) => void)[] = [];
  const startedAt = clock.now();
  let state: ConfigState = {
    generation: 1,
    loadedAt: startedAt,
    lastReload: { ok: true, at: startedAt, problems: [] },
    lastSuccessAt: startedAt,
    restartNeeded: [],
  };

  const refuse = (problems: readonly string[], warnings: readonly string[]): Reload => {
    state = { ...state, lastReload: { ok: false, at: clock.now(), problems } };
    return { problems, warnings, changed: [], restartNeeded: state.restartNeeded };
  };
  const accept = (wanted: LoadedConfig): Reload => {
    const taken = takeLive(config, wanted.config);
    if ('problems' in taken) return refuse(taken.problems.map(problemLine), wanted.warnings);
    const { changed, restartNeeded } = taken;
    const at = clock.now();
    const lastReload = { ok: true, at, problems: [] };
    state = { ...state, lastReload, lastSuccessAt: at, restartNeeded };
    if (changed.length > 0) {
      config = taken.config;
      state = { ...state, generation: state.generation + 1, loadedAt: at };
      for (const listen of listeners) listen(config);
    }
    return { problems: [], warnings: wanted.warnings, changed, restartNeeded };
  };

  return {
    current: () => config,
    onChange: (listen) => void listeners.push(listen),
    reload: () => {
      try {
        const wanted = load();
        files = wanted.files;
        return accept(wanted);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        // A file that could not be read names no secrets; those of before are still worth a look.
        files = [...new Set([...files, ...error.files])];
        return refuse(error.problems.map(problemLine), error.warnings);
      }
    },
    state: () => state,
    files: () => files,
  };
}

/**
 * Settings of a room that are read anew at each use: every property asks the configuration in force. A copy
 * (`{ ...view }`) is what holds at that moment.
 */
export function viewOf<Settings extends object>(
  live: Pick<LiveConfig, 'current'>,
  read: (config: Config) => Settings,
): Settings {
  let config = live.current();
  let settings = read(config);
  const now = (): Settings => {
    if (live.current() !== config) {
      config = live.current();
      settings = read(config);
    }
    return settings;
  };
  const properties = Object.keys(settings).map((name) => [
    name,
    { enumerable: true, get: () => now()[name as keyof Settings] },
  ]);
  return Object.defineProperties(
    {},
    Object.fromEntries(properties) as PropertyDescriptorMap,
  ) as Settings;
}

/** Same configuration, same digest, on every replica. Keyed, because short secrets could be guessed from it. */
export function digestOf(config: Config, key: Uint8Array): string {
  return createHmac('sha256', key).update(JSON.stringify(config)).digest('hex').slice(0, 16);
}
