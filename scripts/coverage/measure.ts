// One number for a test run: reads the raw coverage of all its processes and every product file, and says
// which share of lines, branches and functions ran, in all and per folder.

import istanbul, { type CoverageMap, type CoverageSummary } from 'istanbul-lib-coverage';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { mergeRawCoverage } from './merge-raw.ts';
import { toIstanbul } from './to-istanbul.ts';

export interface Measured {
  map: CoverageMap;
  total: CoverageSummary;
  folders: { name: string; summary: CoverageSummary }[];
  /** Test files and child processes that were added up, and those whose record was cut short. */
  processes: number;
  torn: number;
}

export async function measureCoverage(
  rawFolder: string,
  root: string,
  paths: string[],
): Promise<Measured> {
  const sources = paths.map((path) => ({ path, code: readAsRun(join(root, path)) }));
  const raw = mergeRawCoverage(
    rawFolder,
    root,
    sources.map(({ path, code }) => ({ path, length: code.length })),
  );
  const map = istanbul.createCoverageMap({});
  const files = await Promise.all(
    sources.map(({ path, code }) => toIstanbul(join(root, path), code, raw.scripts.get(path))),
  );
  for (const file of files) map.addFileCoverage(file);
  return {
    map,
    total: summaryOf(map, root, paths),
    folders: byFolder(map, root, paths),
    processes: raw.processes,
    torn: raw.torn,
  };
}

/** Types blanked out, as Node and the tests run it: same length, same positions. */
function readAsRun(file: string): string {
  const source = readFileSync(file, 'utf8');
  return file.endsWith('.ts') ? stripTypeScriptTypes(source) : source;
}

function byFolder(map: CoverageMap, root: string, paths: string[]): Measured['folders'] {
  const grouped = Map.groupBy(paths, folderOf);
  return [...grouped].map(([name, within]) => ({ name, summary: summaryOf(map, root, within) }));
}

/** Domains and platform rooms one by one, everything else by its top folder. */
function folderOf(path: string): string {
  const folders = path.split('/').slice(0, -1);
  return folders.slice(0, folders[0] === 'server' ? 3 : 1).join('/');
}

function summaryOf(map: CoverageMap, root: string, paths: string[]): CoverageSummary {
  const summary = istanbul.createCoverageSummary();
  for (const path of paths) summary.merge(map.fileCoverageFor(join(root, path)).toSummary());
  return summary;
}
