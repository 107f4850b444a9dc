// A jest reporter that writes the V8 coverage of each test file in Node's own form, so that
// scripts/coverage.ts can add it to what child processes wrote. Active in `npm test` only, with coverage on.

import type { ScriptCov } from '@bcoe/v8-coverage';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface CoveredTestFile {
  /** Scripts of one test file, `url` being a plain path. */
  v8Coverage?: { result: ScriptCov }[];
}

// jest wants a class as default export.
export default class RawCoverageReporter {
  #written = 0;
  readonly #folder: string;

  constructor(_globalConfig: unknown, options: { folder: string }) {
    this.#folder = options.folder;
    mkdirSync(this.#folder, { recursive: true });
  }

  onTestResult(_test: unknown, testFile: CoveredTestFile): void {
    const result = (testFile.v8Coverage ?? []).map(({ result: script }) => ({
      ...script,
      url: pathToFileURL(script.url).href,
    }));
    this.#written += 1;
    writeFileSync(join(this.#folder, `jest-${this.#written}.json`), JSON.stringify({ result }));
    // jest's own coverage report would count the same numbers again, by its own rules.
    delete testFile.v8Coverage;
  }
}
