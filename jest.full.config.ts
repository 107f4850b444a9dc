// jest for `npm test`: all projects, coverage collected raw, and the two reporters that judge a whole run.

import type { Config } from 'jest';
import config from './jest.config.ts';

const full: Config = {
  ...config,
  ci: true,
  maxWorkers: 2,
  collectCoverage: true,
  coverageProvider: 'v8',
  // scripts/coverage.ts reports: it can add the child processes. 'none' is a reporter that prints nothing.
  coverageReporters: ['none'],
  reporters: [
    'default',
    ['<rootDir>/test/support/raw-coverage-reporter.ts', { folder: 'coverage/raw' }],
    '<rootDir>/test/support/parity-reporter.ts',
  ],
};

export default full;
