// A jest reporter for whole runs: both databases must have run the same tests, by name, and nothing anywhere
// may be skipped or left as a to-do. Prints the numbers; a difference fails the run and is named.

import { relative } from 'node:path';

export type Status = 'passed' | 'failed' | 'skipped' | 'pending' | 'todo' | 'disabled' | 'focused';

interface ReportedTest {
  context: { config: { displayName?: { name: string }; rootDir: string } };
}

interface ReportedFile {
  testFilePath: string;
  testExecError?: unknown;
  testResults: { fullName: string; status: Status }[];
}

const DATABASES = ['sqlite', 'postgres'] as const;

// jest wants a class as default export.
export default class ParityReporter {
  readonly #tests = new Map<string, Map<string, Status>>();
  readonly #print: (line: string) => void;
  #problems: string[] = [];

  constructor(_globalConfig: unknown, options: { print?: (line: string) => void } = {}) {
    this.#print = options.print ?? console.error;
  }

  onTestResult(test: ReportedTest, file: ReportedFile): void {
    const { displayName, rootDir } = test.context.config;
    const project = displayName?.name ?? 'unnamed';
    const seen = this.#tests.get(project) ?? new Map<string, Status>();
    this.#tests.set(project, seen);
    for (const { fullName, status } of file.testResults) {
      const name = `${relative(rootDir, file.testFilePath)}: ${fullName}`;
      seen.set(unusedName(name, seen), status);
    }
  }

  onRunComplete(): void {
    this.#problems.push(...this.#leftOut(), ...this.#differences());
    const counts = [...this.#tests].map(([project, tests]) => `${project} ${tests.size}`);
    this.#print(`\nTests by project: ${counts.toSorted().join(', ')}`);
    for (const problem of this.#problems) this.#print(`parity: ${problem}`);
  }

  /** jest fails the run when this answers an error. */
  getLastError(): Error | undefined {
    if (this.#problems.length === 0) return undefined;
    return new Error(`${this.#problems.length} problems of parity, listed above`);
  }

  #leftOut(): string[] {
    return [...this.#tests].flatMap(([project, tests]) =>
      [...tests]
        .filter(([, status]) => status !== 'passed' && status !== 'failed')
        .map(
          ([name, status]) => `${project}: expected every test to run, found ${status}: ${name}`,
        ),
    );
  }

  #differences(): string[] {
    return DATABASES.flatMap((project, at) => {
      const other = DATABASES[1 - at] ?? project;
      const here = [...(this.#tests.get(project) ?? new Map<string, Status>()).keys()];
      return here
        .filter((name) => this.#tests.get(other)?.has(name) !== true)
        .map((name) => `ran on ${project} and not on ${other}: ${name}`);
    });
  }
}

/** Rows of a table may share a name; each still counts. */
function unusedName(name: string, taken: Map<string, Status>): string {
  let candidate = name;
  for (let copy = 2; taken.has(candidate); copy += 1) candidate = `${name} (${copy})`;
  return candidate;
}
