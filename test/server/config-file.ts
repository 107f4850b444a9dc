// A configuration file of a running server that tests rewrite, and what the server says about it.

import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** By dotted path. */
export type Settings = Readonly<Record<string, unknown>>;

export interface ConfigDetail {
  digest: string;
  generation: number;
  loaded_at: string;
  last_reload: { ok: boolean; at: string; problems: string[] };
  restart_needed: string[];
}

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'sallyport-live-'));
}

export function yamlOf(settings: Settings): string {
  const tree: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(settings)) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    const group = names.reduce((at, name) => {
      at[name] ??= {};
      return at[name] as Record<string, unknown>;
    }, tree);
    group[last] = value;
  }
  return stringify(tree);
}

/** Beside, then renamed, as an editor or a deployment does. */
export function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export async function configOf(api: string): Promise<ConfigDetail> {
  const response = await fetch(`${api}/readyz?verbose`);
  const page = (await response.json()) as { status: string; config: ConfigDetail };
  if (response.status !== 200) throw new Error(`/readyz: ${response.status} ${page.status}`);
  return page.config;
}

export async function metricOf(api: string, name: string): Promise<number> {
  const text = await (await fetch(`${api}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.split(' ')[1]);
}
