// What an apply would change for the server that runs: setting by setting, and whether it takes all of it over
// while it runs or must be started anew. Compares what is written, so that no secret is read.

import { join } from 'node:path';
import { parse } from 'yaml';
import { SETTINGS } from '../../../config/table.ts';
import type { Host } from '../../host/host.ts';
import { configState } from '../config-state.ts';
import type { Layout } from './layout.ts';

export interface SettingChange {
  path: string;
  /** JSON; null where the default holds, and for a secret. */
  before: string | null;
  after: string | null;
  takes: 'reload' | 'restart';
}

export interface Change {
  /** `none`: what runs is what is wanted, or nothing runs. */
  takes: 'none' | 'reload' | 'restart';
  settings: readonly SettingChange[];
}

export interface Wanted {
  id: string;
  serverYaml: string;
  api: string;
  /** Whether what was applied under that name has the same release or image. */
  isSameRelease(applied: string): Promise<boolean>;
}

/** `running` is the applied that what runs was started with, or took over; null when nothing runs. */
export async function changeOf(
  host: Host,
  layout: Layout,
  { running, wanted }: { running: string | null; wanted: Wanted },
): Promise<Change> {
  if (running === null || running === wanted.id) return { takes: 'none', settings: [] };
  const before = await host.files.read(join(layout.applied, running, 'server.yaml'));
  if (before === null) return { takes: 'restart', settings: [] };
  const settings = compare(writtenIn(before), writtenIn(wanted.serverYaml));
  const isLive =
    settings.every(({ takes }) => takes === 'reload') &&
    (await wanted.isSameRelease(running)) &&
    // One that does not say what is in force cannot be told to take something over.
    (await configState(host, wanted.api)) !== null;
  return { takes: isLive ? 'reload' : 'restart', settings };
}

function compare(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): SettingChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((path) => {
    const [one, other] = [before.get(path) ?? null, after.get(path) ?? null];
    if (one === other) return [];
    const setting = SETTINGS.get(path);
    const isShown = setting?.sensitive === false;
    const takes = setting?.live === true ? 'reload' : 'restart';
    return [{ path, before: isShown ? one : null, after: isShown ? other : null, takes }];
  });
}

/** By name of the setting; a secret is the name of its file, which changes with its content. */
function writtenIn(serverYaml: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const collect = (group: unknown, prefix: string): void => {
    const isGroup = typeof group === 'object' && group !== null && !Array.isArray(group);
    if (!isGroup || SETTINGS.has(prefix)) {
      found.set(prefix, JSON.stringify(group));
      return;
    }
    for (const [name, value] of Object.entries(group)) {
      collect(value, prefix === '' ? name : `${prefix}.${name}`);
    }
  };
  collect(parse(serverYaml), '');
  return found;
}
