// Adds up the V8 coverage of every process of a test run: what jest's workers saw (written by
// test/support/raw-coverage-reporter.ts) and what each child process wrote through NODE_V8_COVERAGE.
// Both ran the same text at the same positions, so counts can be added before anything is rounded to lines.
// A process killed outright writes nothing, one killed while it writes leaves half a file: both only make the
// number smaller, and the second is counted as `torn`.

import { mergeProcessCovs, type ProcessCov, type ScriptCov } from '@bcoe/v8-coverage';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface RawSource {
  /** Relative to the root. */
  path: string;
  /** In characters, as Node ran it. */
  length: number;
}

export interface MergedCoverage {
  /** By the path of the source. */
  scripts: Map<string, ScriptCov>;
  processes: number;
  torn: number;
}

export function mergeRawCoverage(
  folder: string,
  root: string,
  sources: RawSource[],
): MergedCoverage {
  const byUrl = new Map(
    sources.map((source) => [pathToFileURL(join(root, source.path)).href, source]),
  );
  const processes = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readProcess(join(folder, name), byUrl));
  const whole = processes.filter((process) => process !== null);
  const scripts = mergeProcessCovs(whole).result.flatMap((script) => {
    const source = byUrl.get(script.url);
    return source === undefined ? [] : [[source.path, script] as const];
  });
  return {
    scripts: new Map(scripts),
    processes: whole.length,
    torn: processes.length - whole.length,
  };
}

function readProcess(file: string, byUrl: Map<string, RawSource>): ProcessCov | null {
  const result = readScripts(file);
  if (result === null) return null;
  const ours = result.flatMap((script) => {
    const source = byUrl.get(withoutQuery(script.url));
    return source === undefined ? [] : [clampToSource(script, source.length)];
  });
  return { result: ours };
}

function readScripts(file: string): ScriptCov[] | null {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { result: ScriptCov[] }).result;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Node appends a comment naming the source to what it compiles; jest does not. */
function clampToSource(script: ScriptCov, length: number): ScriptCov {
  return {
    scriptId: script.scriptId,
    url: withoutQuery(script.url),
    functions: script.functions.map((each) => ({
      ...each,
      ranges: each.ranges.map((range) => ({
        ...range,
        endOffset: Math.min(range.endOffset, length),
      })),
    })),
  };
}

function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? url;
}
