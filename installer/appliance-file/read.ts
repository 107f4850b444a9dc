// Reads appliance.yaml: its own settings strictly by their table, the `config` section by the server's.
// Every mistake is found before any is reported, with line and column in this one file.

import { basename, dirname, join, resolve } from 'node:path';
import { isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { type Config, loadConfigWithWarnings } from '../../config/load.ts';
import { ConfigError, describeFound, type ConfigProblem } from '../../config/problem.ts';
import { LayerBuilder, type Reading } from '../../config/reading.ts';
import { readSecretFile, type SecretFile } from '../../config/secret-file.ts';
import { readGroup, readYamlFile } from '../../config/yaml-layer.ts';
import { refuseNode, type YamlReader } from '../../config/yaml-reader.ts';
import { readAuthorities } from './authorities.ts';
import { MADE_SECRETS } from './made-secrets.ts';
import { refuseForbidden } from './rules.ts';
import { APPLIANCE_SECTIONS, APPLIANCE_SETTINGS, type ApplianceSettings } from './table.ts';

export interface ApplianceFile {
  /** Absolute. */
  file: string;
  settings: ApplianceSettings;
  /** Values for the chart beside ours. */
  helmValues: Readonly<Record<string, unknown>>;
  /** The server's settings as the new release would run with them on this machine. */
  config: Config;
  /** What is written in the `config` section, and nothing else. */
  written: readonly Reading[];
  /** By setting: the one file a secret was taken from. */
  secretFiles: ReadonlyMap<string, string>;
  /** What outside.ca_file holds; null where it names none. */
  authorities: string | null;
  warnings: readonly string[];
}

/** @throws ConfigError with every problem. */
export function readApplianceFile(file: string): ApplianceFile {
  const at = resolve(file);
  const values: Record<string, unknown> = {};
  const uses = new Map<string, string[]>();
  const missing = new Map<string, string>();
  let server = new LayerBuilder();
  const layer = readYamlFile(at, (contents, reader) => {
    const { config, helmValues } = takeApart(contents, reader);
    readGroup(contents, '', {
      ...reader,
      names: { settings: APPLIANCE_SETTINGS, sections: APPLIANCE_SECTIONS },
    });
    Object.assign(values, helmValues);
    const settings = settingsOf(reader.layer, dirname(at));
    server = new LayerBuilder();
    if (config === null) return;
    readGroup(config, '', {
      ...reader,
      layer: server,
      readSecret: secretReader(settings, uses, missing),
    });
  });
  const problems = [...layer.problems, ...layer.readings.flatMap(formatProblem)];
  const settings = settingsOf(layer, dirname(at));
  if (!layer.unreadable) problems.push(...refuseForbidden(settings, layer, server));
  const loaded = loadServer(server, settings, problems);
  if (loaded !== null && loaded.config.profile !== 'evaluation') {
    problems.push(...[...missing].map(([path, where]) => missingSecret(server, path, where)));
  }
  const { text: authorities, problem } = readAuthorities(loaded?.config ?? null, settings, server);
  if (problem !== null) problems.push(problem);
  if (problems.length > 0 || loaded === null) throw new ConfigError(inOrder(problems));
  return {
    file: at,
    settings,
    helmValues: values,
    config: loaded.config,
    authorities,
    written: server.readings,
    secretFiles: new Map(
      [...uses].flatMap(([path, [only, ...more]]) =>
        only === undefined || more.length > 0 ? [] : [[path, only] as const],
      ),
    ),
    warnings: [...layer.warnings, ...loaded.warnings],
  };
}

/** Where this runtime keeps things on this machine; null for Helm. */
export function homeOf({ runtime, process, container }: ApplianceSettings): string | null {
  if (runtime === 'helm') return null;
  return runtime === 'process' ? process.home : container.home;
}

/** The two sections with tables of their own leave the tree before the rest is read. */
function takeApart(
  contents: Node,
  reader: YamlReader,
): { config: Node | null; helmValues: Record<string, unknown> } {
  if (!isMap(contents)) return { config: null, helmValues: {} };
  const config = takePair(contents, 'config');
  const helm = contents.get('helm', true) as unknown;
  const values = isMap(helm) ? takePair(helm, 'values') : null;
  const plain = values === null ? {} : treeOf(values, reader);
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
    const found = describeFound(plain, false);
    if (values !== null) {
      refuseNode(reader, values, { path: 'helm.values', expected: 'a group of values', found });
    }
    return { config, helmValues: {} };
  }
  return { config, helmValues: plain as Record<string, unknown> };
}

function takePair(map: YAMLMap, name: string): Node | null {
  const index = map.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === name);
  if (index < 0) return null;
  const [pair] = map.items.splice(index, 1);
  return (pair?.value ?? null) as Node | null;
}

function treeOf(node: Node, reader: YamlReader): unknown {
  if (isScalar(node)) return node.value;
  if (isSeq(node)) return node.items.map((item) => treeOf(item as Node, reader));
  if (isMap(node)) {
    return Object.fromEntries(
      node.items.map((pair) => [
        isScalar(pair.key) ? String(pair.key.value) : '?',
        pair.value === null ? null : treeOf(pair.value as Node, reader),
      ]),
    );
  }
  if (isAlias(node)) {
    const expected = 'values written out';
    refuseNode(reader, node, { path: 'helm.values', expected, found: 'an alias' });
  }
  return null;
}

function formatProblem({ path, value, origin }: Reading): ConfigProblem[] {
  const setting = APPLIANCE_SETTINGS.get(path);
  if (setting === undefined || setting.format.accepts(value)) return [];
  return [
    { ...origin, path, expected: setting.format.expected, found: describeFound(value, false) },
  ];
}

/** Defaults under what is right; relative paths are relative to the file's folder. */
function settingsOf(layer: LayerBuilder, folder: string): ApplianceSettings {
  const tree: Record<string, unknown> = {};
  for (const { path, format, default: fallback } of APPLIANCE_SETTINGS.values()) {
    const reading = layer.readings.findLast((each) => each.path === path);
    const chosen =
      reading !== undefined && format.accepts(reading.value) ? reading.value : fallback;
    const value = format.isPath && typeof chosen === 'string' ? resolve(folder, chosen) : chosen;
    const [section = '', name] = path.split('.');
    if (name === undefined) tree[section] = value;
    else tree[section] = { ...(tree[section] as object | undefined), [name]: value };
  }
  return tree as ApplianceSettings;
}

/** Notes where secrets come from; one that apply will make has a stand-in until then. */
function secretReader(
  settings: ApplianceSettings,
  uses: Map<string, string[]>,
  missing: Map<string, string>,
): (file: string, path: string) => SecretFile {
  const home = homeOf(settings);
  return (file, path) => {
    uses.set(path, [...(uses.get(path) ?? []), file]);
    // In a cluster the file is a mounted Secret's; it cannot be read from here.
    if (home === null) return { ok: true, text: 'stand-in', warning: null };
    const read = readSecretFile(file);
    const prefix = MADE_SECRETS[basename(file)];
    const isMade = prefix !== undefined && dirname(file) === join(home, 'secrets');
    if (read.ok || !isMade) return read;
    missing.set(path, file);
    return { ok: true, text: `${prefix}stand-in`, warning: null };
  };
}

function loadServer(
  server: LayerBuilder,
  settings: ApplianceSettings,
  problems: ConfigProblem[],
): { config: Config; warnings: readonly string[] } | null {
  const home = homeOf(settings);
  try {
    return loadConfigWithWarnings({
      layers: [server],
      env: {},
      overrides: home === null ? {} : { data_dir: join(home, 'data') },
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return null;
  }
}

function missingSecret(server: LayerBuilder, path: string, file: string): ConfigProblem {
  const origin = server.readings.find((reading) => reading.path === path)?.origin;
  const expected = 'a readable file with the secret';
  return { ...(origin ?? { source: file }), path, expected, found: `no file at ${file}` };
}

function inOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems.toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0));
}
