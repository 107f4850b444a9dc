// The benches run end to end at a tiny size, as a process: rows of the shape others read, what both sides
// wrote counted afterwards, and a page that needs no network. Nothing here looks at how long anything took.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '../support/spawn-appliance.ts';

const run = promisify(execFile);
const MAX_MS = 120_000;

async function bench(...flags: string[]): Promise<{ stdout: string; file: string }> {
  const file = join(mkdtempSync(join(tmpdir(), 'sallyport-bench-test-')), 'rows.json');
  const main = join(ROOT, 'bench/main.ts');
  const { stdout } = await run(process.execPath, [main, '--smoke', ...flags, '--json', file], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return { stdout, file };
}

describe('the benches', () => {
  test(
    'write a row per measure, and peers write the same rows as we do, but for what is ours alone',
    async () => {
      const { file, stdout } = await bench('--only', 'inbox');
      const found = JSON.parse(readFileSync(file, 'utf8')) as {
        rows: Record<string, unknown>[];
        details: { costs: string[] }[];
      };
      expect(found.rows).toEqual([
        {
          measure: 'inbox: verify, store, acknowledge, p99',
          ours: expect.any(Number),
          peer: expect.any(Number),
          peerName: 'bare Koa + one insert',
          ratio: expect.any(Number),
          aim: '≤ 10 ms',
          met: null,
          unit: 'ms',
        },
      ]);
      const [ours, peer] = found.details[0]?.costs ?? [];
      expect(ours).toMatch(/rows: (?=.*inbox_event 1\.00)(?=.*outbox_msg 1\.00)/);
      expect(peer).toMatch(/rows: inbox_event 1\.00$/);
      expect(peer).toContain('1.00 statements');
      expect(stdout).toContain('1 rows, 0 aims missed');
    },
    MAX_MS,
  );

  test('a measure that is not there is refused with those that are', async () => {
    const failed = await bench('--only', 'everything').catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--only: expected one of rest-writes, .*found "everything"/),
    });
  });
});
