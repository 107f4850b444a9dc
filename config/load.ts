// Loads the configuration: table < profile < files < environment < options. The only reader of the
// environment. Every problem is found before any is reported; a configuration is whole or refused.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  CONFIG_VARIABLE,
  readEnvironmentLayer,
  readOptionsLayer,
  type Environment,
} from './environment-layer.ts';
import { mergeReadings } from './merge.ts';
import { ConfigError, describeFound, type ConfigProblem, type Origin } from './problem.ts';
import type { Layer, Reading } from './reading.ts';
import { breachesOf } from './rules.ts';
import { SETTINGS, type Config, type NamedSetting } from './table.ts';
import { readYamlLayer } from './yaml-layer.ts';

export { ConfigError, problemLine, type ConfigProblem } from './problem.ts';
export type { Config } from './table.ts';

export interface ConfigSources {
  /** YAML files, later ones win. Without any: those SALLYPORT_CONFIG names, separated by commas. */
  files?: readonly string[];
  /** Layers that were read already, weaker than the environment. */
  layers?: readonly Layer[];
  /** Stronger than SALLYPORT_PROFILE and the files. */
  profile?: string;
  /** The environment; that of the process when left out. */
  env?: Environment;
  /** Texts by dotted path (`{ 'http.port': '0' }`), stronger than everything else. */
  overrides?: Readonly<Record<string, string>>;
  /** What a relative data_dir is relative to; the working directory when left out. */
  cwd?: string;
}

export interface LoadedConfig {
  config: Config;
  /** Things that work but that a person should change; for the log at start. */
  warnings: readonly string[];
  /** What was written and where, the stronger later; what nobody wrote has its default. */
  readings: readonly Reading[];
  /** The files of configuration and of secrets that were read. */
  files: readonly string[];
}

/** The machine's own variables (proxy, KUBECONFIG, TZ) for who asks the machine; settings are loaded. */
export function environment(): Environment {
  return process.env;
}

/** @throws ConfigError with every problem. */
export function loadConfig(sources: ConfigSources = {}): Config {
  return loadConfigWithWarnings(sources).config;
}

/** @throws ConfigError with every problem. */
export function loadConfigWithWarnings(sources: ConfigSources = {}): LoadedConfig {
  const env = sources.env ?? process.env;
  const profileOption = sources.profile === undefined ? {} : { profile: sources.profile };
  const written: Layer[] = [
    ...filesOf(sources, env).map((file) => readYamlLayer(file)),
    ...(sources.layers ?? []),
    readEnvironmentLayer(env),
    readOptionsLayer({ ...sources.overrides, ...profileOption }),
  ];
  const layers = [...profileLayer(written), ...written];
  const readings = layers.flatMap((layer) => layer.readings);
  const problems = [
    ...layers.flatMap((layer) => layer.problems),
    ...readings.flatMap(formatProblem),
  ];
  const wrong = new Set(problems.map((problem) => problem.path));
  const right = readings.filter((reading) => !wrong.has(reading.path));
  const config = mergeReadings(right, sources.cwd ?? process.cwd());
  // After a file that could not be read, what it would have said is unknown: no rule may judge it.
  if (!layers.some((layer) => layer.unreadable)) {
    problems.push(...ruleProblems(config, right, wrong));
  }
  const warnings = layers.flatMap((layer) => layer.warnings);
  const files = [...new Set(written.flatMap((layer) => layer.files))];
  if (problems.length > 0) throw new ConfigError(problems, { warnings, files });
  return { config, warnings, readings: right, files };
}

function filesOf(sources: ConfigSources, env: Environment): readonly string[] {
  if (sources.files !== undefined && sources.files.length > 0) return sources.files;
  const named = env[CONFIG_VARIABLE] ?? '';
  return named
    .split(',')
    .map((file) => file.trim())
    .filter((file) => file !== '');
}

/** The defaults of the profile the other layers chose. A wrong name is reported as the setting it is. */
function profileLayer(written: readonly Layer[]): Layer[] {
  const setting = SETTINGS.get('profile');
  const chosen = written
    .flatMap((layer) => layer.readings)
    .findLast((reading) => reading.path === 'profile');
  const profile = chosen?.value ?? setting?.default;
  if (setting?.format.accepts(profile) !== true) return [];
  const file = fileURLToPath(new URL(`./profiles/${String(profile)}.yaml`, import.meta.url));
  return existsSync(file) ? [readYamlLayer(file)] : [];
}

function formatProblem({ path, value, origin }: Reading): ConfigProblem[] {
  const setting = SETTINGS.get(path);
  if (setting === undefined || setting.format.accepts(value)) return [];
  const found = describeFound(value, setting.sensitive) + quotesHint(setting, value);
  return [{ ...origin, path, expected: setting.format.expected, found }];
}

function quotesHint({ format, sensitive }: NamedSetting, value: unknown): string {
  const readable = typeof value === 'string' && format.accepts(format.fromText(value));
  return readable && !sensitive ? ' (write it without quotes)' : '';
}

function ruleProblems(
  config: Config,
  readings: readonly Reading[],
  wrong: ReadonlySet<string>,
): ConfigProblem[] {
  return breachesOf(config)
    .filter(({ path, besides }) => ![path, ...besides].some((looked) => wrong.has(looked)))
    .map(({ path, besides, expected, found }) => ({
      ...originOf([path, ...besides], readings),
      path,
      expected,
      found,
    }));
}

/** Where the setting was written, or else one of those that made it needed. */
function originOf(paths: readonly string[], readings: readonly Reading[]): Origin {
  for (const path of paths) {
    const reading = readings.findLast((candidate) => candidate.path === path);
    if (reading !== undefined) return reading.origin;
  }
  return { source: 'default' };
}
