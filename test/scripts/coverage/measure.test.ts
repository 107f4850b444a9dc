// A tiny product of two files, run by two real processes that each take the other branch: alone neither
// covers it, together they do.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureCoverage } from '../../../scripts/coverage/measure.ts';

const DOOR = `// Which way to go.
export interface Way { name: string }

export function choose(way: Way['name']): string {
  if (way === 'left') {
    return 'went left';
  }
  /* Everything else
     is right. */
  return 'went right';
}
`;
const MAIN = `import { choose } from './door.ts';
process.stdout.write(choose(process.argv[2] ?? ''));
`;
const NEVER = `export function never(): number {
  return 1;
}
`;
const FILES = ['server/door.ts', 'server/main.ts', 'server/never.ts', 'server/words.ts'];

let root: string;

function run(raw: string, way: string): string {
  const { stdout } = spawnSync(process.execPath, [join(root, 'server/main.ts'), way], {
    env: { ...process.env, NODE_V8_COVERAGE: join(root, raw) },
    encoding: 'utf8',
  });
  return stdout;
}

/** As jest's reporter writes it: the text without the comment Node appends, so the file ends earlier. */
function writeInProcessRecord(raw: string): void {
  const url = new URL(`file://${join(root, 'server/never.ts')}`).href;
  const body = { startOffset: 0, endOffset: NEVER.length, count: 1 };
  const never = { startOffset: NEVER.indexOf('function'), endOffset: NEVER.length - 1, count: 3 };
  const functions = [
    { functionName: '', ranges: [body], isBlockCoverage: true },
    { functionName: 'never', ranges: [never], isBlockCoverage: true },
  ];
  writeFileSync(
    join(root, raw, 'jest-1.json'),
    JSON.stringify({ result: [{ scriptId: '1', url, functions }] }),
  );
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sallyport-coverage-'));
  mkdirSync(join(root, 'server'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'server/door.ts'), DOOR);
  writeFileSync(join(root, 'server/main.ts'), MAIN);
  writeFileSync(join(root, 'server/never.ts'), NEVER);
  writeFileSync(join(root, 'server/words.ts'), '// Types only.\nexport type Word = string;\n');
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function linesOf(measured: Awaited<ReturnType<typeof measureCoverage>>, file: string): string {
  const { covered, total } = measured.map.fileCoverageFor(join(root, file)).toSummary().lines;
  return `${covered}/${total}`;
}

describe('coverage of several processes', () => {
  test('one process covers its own branch only, and comments and types are not lines', async () => {
    expect(run('left', 'left')).toBe('went left');
    const measured = await measureCoverage(join(root, 'left'), root, FILES);
    // if, return, closing brace and function of 6 lines of code; the last return did not run.
    expect(linesOf(measured, 'server/door.ts')).toBe('5/6');
    expect(linesOf(measured, 'server/words.ts')).toBe('0/0');
    expect(measured.processes).toBe(1);
  });

  test('a second process that takes the other branch completes it', async () => {
    run('both', 'left');
    run('both', 'right');
    const measured = await measureCoverage(join(root, 'both'), root, FILES);
    expect(linesOf(measured, 'server/door.ts')).toBe('6/6');
    expect(
      measured.map.fileCoverageFor(join(root, 'server/door.ts')).toSummary().branches.pct,
    ).toBe(100);
  });

  test('a file no process loaded counts as not run', async () => {
    run('unloaded', 'left');
    const measured = await measureCoverage(join(root, 'unloaded'), root, FILES);
    expect(linesOf(measured, 'server/never.ts')).toBe('0/3');
    expect(measured.total.lines).toMatchObject({ covered: 7, total: 11 });
  });

  test('what jest saw is added to what the children wrote', async () => {
    run('mixed', 'left');
    writeInProcessRecord('mixed');
    const measured = await measureCoverage(join(root, 'mixed'), root, FILES);
    expect(linesOf(measured, 'server/never.ts')).toBe('3/3');
    expect(linesOf(measured, 'server/door.ts')).toBe('5/6');
  });

  test('a record cut short by a kill is counted as torn and the others still add up', async () => {
    run('torn', 'right');
    const [whole] = readdirSync(join(root, 'torn'));
    expect(whole).toBeDefined();
    writeFileSync(join(root, 'torn/coverage-0.json'), '{"result":[{"scriptId":"1","url":"file:');
    const measured = await measureCoverage(join(root, 'torn'), root, FILES);
    expect(measured).toMatchObject({ processes: 1, torn: 1 });
    expect(linesOf(measured, 'server/main.ts')).toBe('2/2');
  });
});
