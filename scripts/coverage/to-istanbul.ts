// From merged V8 counts to the istanbul map that reports are made of. A line counts when code is on it:
// blank lines, comments and types have nothing to run and would only flatter the number.

import type { ScriptCov } from '@bcoe/v8-coverage';
import type { CoverageMapData, FileCoverageData } from 'istanbul-lib-coverage';
import v8ToIstanbul from 'v8-to-istanbul';

/** `code` is the source as Node ran it; without `script` the file was never loaded. */
export async function toIstanbul(
  path: string,
  code: string,
  script: ScriptCov | undefined,
): Promise<FileCoverageData> {
  const converter = v8ToIstanbul(path, 0, { source: code });
  await converter.load();
  converter.applyCoverage(script?.functions ?? neverLoaded(code));
  const converted: CoverageMapData = converter.toIstanbul();
  const found = Object.values(converted)[0];
  if (found === undefined) throw new Error(`No coverage came out for ${path}.`);
  return withCodeLinesOnly(found, code);
}

function neverLoaded(code: string): ScriptCov['functions'] {
  const whole = { startOffset: 0, endOffset: code.length, count: 0 };
  return [{ functionName: '(empty-report)', ranges: [whole], isBlockCoverage: true }];
}

function withCodeLinesOnly(data: FileCoverageData, code: string): FileCoverageData {
  const isCode = codeLines(code);
  const kept = Object.entries(data.statementMap).filter(([, { start }]) => isCode[start.line - 1]);
  return {
    ...data,
    statementMap: Object.fromEntries(kept),
    s: Object.fromEntries(kept.map(([key]) => [key, data.s[key] ?? 0])),
    // A file of types alone has nothing to run, so not even its one outer range is a branch.
    ...(kept.length === 0 ? { branchMap: {}, b: {}, fnMap: {}, f: {} } : {}),
  };
}

/** Whole-line comments are found by how they begin, which the formatter makes certain. */
function codeLines(code: string): boolean[] {
  let inComment = false;
  return code.split('\n').map((line) => {
    const text = line.trim();
    if (!inComment && text.startsWith('/*')) inComment = true;
    const comment = inComment || text.startsWith('//') || text === '';
    if (inComment && text.includes('*/')) inComment = false;
    return !comment;
  });
}
