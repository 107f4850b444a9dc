// The chart of this checkout, and the same chart as a later release would be: another version and image.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { CHART } from './helm.ts';

export interface ReleaseChart {
  path: string;
  version: string;
}

export function chartOf(other?: { version: string; folder: string }): ReleaseChart {
  const about = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as { version: string };
  if (other === undefined) return { path: CHART, version: about.version };
  const { version, folder } = other;
  const path = join(folder, version);
  cpSync(CHART, path, { recursive: true });
  writeFileSync(join(path, 'Chart.yaml'), stringify({ ...about, version, appVersion: version }));
  return { path, version };
}
