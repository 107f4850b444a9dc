import { describe, expect, test } from '@jest/globals';
import ParityReporter, { type Status } from './parity-reporter.ts';

/** Reports one file per project, with the given tests. */
function judge(tests: Record<string, Record<string, Status>>): string | undefined {
  const lines: string[] = [];
  const reporter = new ParityReporter({}, { print: (line) => void lines.push(line) });
  for (const [project, results] of Object.entries(tests)) {
    reporter.onTestResult(
      { context: { config: { displayName: { name: project }, rootDir: '/repo' } } },
      {
        testFilePath: '/repo/test/a.db.test.ts',
        testResults: Object.entries(results).map(([fullName, status]) => ({ fullName, status })),
      },
    );
  }
  reporter.onRunComplete();
  return reporter.getLastError() === undefined ? undefined : lines.join('\n');
}

describe('the parity of the two databases', () => {
  test('the same tests on both are fine, passed or failed', () => {
    const same = { 'a thing works': 'passed', 'another does not': 'failed' } as const;
    expect(judge({ sqlite: same, postgres: same, pure: { alone: 'passed' } })).toBeUndefined();
  });

  test('a test that ran on one only is named', () => {
    const both = { first: 'passed' } as const;
    expect(judge({ sqlite: { ...both, second: 'passed' }, postgres: both })).toContain(
      'ran on sqlite and not on postgres: test/a.db.test.ts: second',
    );
  });

  test('a run without one of the databases is not whole', () => {
    expect(judge({ postgres: { first: 'passed' } })).toContain('ran on postgres and not on sqlite');
  });

  test.each(['skipped', 'pending', 'todo'] as const)('a test that is %s is named', (status) => {
    expect(judge({ pure: { first: status } })).toContain(
      `pure: expected every test to run, found ${status}: test/a.db.test.ts: first`,
    );
  });
});
