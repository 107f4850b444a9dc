// Reads environment variables (and command-line options, which have the same shape of text) into
// readings. A variable with our prefix that names no setting is refused, as an unknown key is.

import { resolve } from 'node:path';
import { nearest } from './nearest.ts';
import { LayerBuilder, type Layer } from './reading.ts';
import { readSecretFile } from './secret-file.ts';
import { ENV_PREFIX, SETTINGS, type NamedSetting } from './table.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names the file(s) of configuration; read by the loader, not a setting. */
export const CONFIG_VARIABLE = `${ENV_PREFIX}CONFIG`;

/** Says things to the tests of this project, which start real servers in their own environment. */
const TEST_PREFIX = `${ENV_PREFIX}TEST_`;

const BY_ENV: ReadonlyMap<string, NamedSetting> = new Map(
  [...SETTINGS.values()].map((setting) => [setting.env, setting]),
);
const FILE_SUFFIX = '_FILE';

export function readEnvironmentLayer(environment: Environment): Layer {
  const layer = new LayerBuilder();
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(ENV_PREFIX) || text === undefined) continue;
    if (variable === CONFIG_VARIABLE || variable.startsWith(TEST_PREFIX)) continue;
    if (isServiceLink(variable, text)) continue;
    readVariable(variable, text, layer);
  }
  refuseBoth(layer);
  return layer;
}

export function readOptionsLayer(options: Readonly<Record<string, string>>): Layer {
  const layer = new LayerBuilder();
  for (const [path, text] of Object.entries(options)) {
    const setting = SETTINGS.get(path);
    if (setting === undefined) {
      unknownName(layer, { source: 'option', name: path, known: SETTINGS.keys() });
    } else {
      layer.readings.push({
        path,
        value: setting.format.fromText(text),
        origin: { source: 'option' },
      });
    }
  }
  return layer;
}

function readVariable(variable: string, text: string, layer: LayerBuilder): void {
  const source = `environment ${variable}`;
  const setting = BY_ENV.get(variable);
  if (setting !== undefined) {
    const value = setting.format.fromText(text);
    layer.readings.push({ path: setting.path, value, origin: { source } });
    return;
  }
  const secret = secretOfFileVariable(variable);
  if (secret === null) {
    unknownName(layer, { source, name: variable, known: BY_ENV.keys() });
    return;
  }
  const file = resolve(text);
  layer.files.push(file);
  const read = readSecretFile(file);
  if (!read.ok) {
    const { expected, found } = read;
    layer.refuse({ source, path: secret.path, expected, found });
    return;
  }
  layer.warn(read.warning);
  const value = secret.format.fromText(read.text);
  layer.readings.push({ path: secret.path, value, origin: { source } });
}

/** A secret given both in place and as a file: which one is meant is not for us to guess. */
function refuseBoth(layer: LayerBuilder): void {
  const seen = new Set<string>();
  for (const { path, origin } of layer.readings) {
    const env = SETTINGS.get(path)?.env ?? '';
    if (seen.has(path)) {
      const expected = `only one of ${env} and ${env}${FILE_SUFFIX}`;
      layer.refuse({ source: origin.source, path, expected, found: 'both' });
    }
    seen.add(path);
  }
}

function secretOfFileVariable(variable: string): NamedSetting | null {
  if (!variable.endsWith(FILE_SUFFIX)) return null;
  const setting = BY_ENV.get(variable.slice(0, -FILE_SUFFIX.length));
  return setting?.sensitive === true ? setting : null;
}

interface UnknownName {
  source: string;
  name: string;
  known: Iterable<string>;
}

function unknownName(layer: LayerBuilder, { source, name, known }: UnknownName): void {
  const near = nearest(name, known);
  layer.refuse({
    source,
    path: source === 'option' ? name : '',
    expected: 'the name of a setting',
    found: 'an unknown name',
    ...(near === null ? {} : { didYouMean: near }),
  });
}

/** Kubernetes writes such variables for every Service of the namespace, ours among them. */
function isServiceLink(variable: string, text: string): boolean {
  if (/_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$/.test(variable)) return !BY_ENV.has(variable);
  return /_PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?$/.test(variable)
    ? /^(?:tcp|udp|sctp):\/\//.test(text) || /_\d+_(?:TCP|UDP|SCTP)_/.test(variable)
    : false;
}
