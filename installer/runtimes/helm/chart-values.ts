// The chart's values from appliance.yaml: the image, the server's settings as they are written, and its
// secrets by the name of a mounted Secret's key, never by value.

import { basename } from 'node:path';
import { ConfigError, type ConfigProblem } from '../../../config/problem.ts';
import { SETTINGS } from '../../../config/table.ts';
import type { ApplianceFile } from '../../appliance-file/read.ts';

type Values = Record<string, unknown>;

/** @throws ConfigError for a secret written in place. */
export function chartValues({ settings, written, secretFiles, helmValues }: ApplianceFile): Values {
  const config: Values = {};
  const secretSettings: Values = {};
  const problems: ConfigProblem[] = [];
  for (const { path, value, origin } of written) {
    if (SETTINGS.get(path)?.sensitive !== true || value === null) {
      set(config, path, value);
      continue;
    }
    const file = secretFiles.get(path);
    const expected = file === undefined ? '{ file: key of the Secret }' : null;
    if (expected === null && settings.helm.existing_secret !== null) {
      secretSettings[path] = { key: basename(file ?? '') };
      continue;
    }
    problems.push({
      ...origin,
      path,
      expected: expected ?? 'helm.existing_secret to name the Secret that holds it',
      found: expected === null ? 'nothing there' : 'a secret written in place (not shown)',
    });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const ours: Values = { image: imageValues(settings.helm.image), config };
  if (Object.keys(secretSettings).length > 0) {
    ours['secrets'] = {
      existingSecret: settings.helm.existing_secret,
      settings: secretSettings,
    };
  }
  return merge(ours, helmValues);
}

/** `registry.example/box/sallyport:0.1.0@sha256:…` in the chart's parts. */
function imageValues(image: string): Values {
  const [name = '', digest] = image.split('@');
  const slash = name.lastIndexOf('/');
  const colon = name.indexOf(':', slash + 1);
  const path = colon < 0 ? name : name.slice(0, colon);
  const first = path.split('/')[0] ?? '';
  const isRegistry = path.includes('/') && /[.:]|^localhost$/.test(first);
  return {
    ...(isRegistry ? { registry: first } : {}),
    repository: isRegistry ? path.slice(first.length + 1) : path,
    ...(colon < 0 ? {} : { tag: name.slice(colon + 1) }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function set(tree: Values, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? '';
  const group = names.reduce<Values>((at, name) => {
    at[name] ??= {};
    return at[name] as Values;
  }, tree);
  group[last] = value;
}

/** What the customer writes for the chart is stronger than what we make of the rest. */
function merge(under: Values, over: Readonly<Values>): Values {
  const merged: Values = { ...under };
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name];
    merged[name] = isGroup(below) && isGroup(value) ? merge(below, value) : value;
  }
  return merged;
}

function isGroup(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
