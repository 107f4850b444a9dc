// Lays readings over the table's defaults (convict) and makes the result a frozen Config: paths absolute,
// nothing unknown. Values were checked before; convict checks them a second time.

import { resolve } from 'node:path';
import convict from 'convict';
import type { Reading } from './reading.ts';
import { convictSchema, SETTINGS, type Config } from './table.ts';

interface Tree {
  [name: string]: unknown;
}

/** Later readings win. `cwd` is what a relative data_dir is relative to. */
export function mergeReadings(readings: readonly Reading[], cwd: string): Config {
  const merged = convict<Tree>(convictSchema() as convict.Schema<Tree>, { env: {}, args: [] });
  for (const { path, value } of readings) merged.load(treeOf(path, value));
  merged.validate({ allowed: 'strict' });
  const values = merged.getProperties();
  makePathsAbsolute(values, cwd);
  deepFreeze(values);
  return values as unknown as Config;
}

function treeOf(path: string, value: unknown): Tree {
  return path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Tree;
}

function makePathsAbsolute(values: Tree, cwd: string): void {
  const dataDir = resolve(cwd, String(values['data_dir']));
  for (const { path, format } of SETTINGS.values()) {
    if (!format.isPath) continue;
    const names = path.split('.');
    const last = names.pop() ?? '';
    const group = names.reduce((tree, name) => tree[name] as Tree, values);
    const written = group[last];
    if (typeof written === 'string') group[last] = resolve(dataDir, written);
  }
  values['data_dir'] = dataDir;
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) deepFreeze(inner);
  Object.freeze(value);
}
