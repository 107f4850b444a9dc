// How tests run: `x.test.ts` needs no database and runs once, `x.db.test.ts` runs on SQLite and on
// Postgres. Modules stay ESM, as in production. Nothing is retried and nothing may be left out:
// test/support/parity-reporter.ts fails a run whose two database halves differ.

import type { Config } from 'jest';

type Project = Exclude<NonNullable<Config['projects']>[number], string>;

const swcOptions = {
  jsc: { target: 'es2024', parser: { syntax: 'typescript' }, keepClassNames: true },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};

const shared: Project = {
  testEnvironment: '<rootDir>/test/support/node-environment.ts',
  extensionsToTreatAsEsm: ['.ts'],
  // The product runs as Node itself would run it: types blanked out, every other character in its place.
  transform: {
    '<rootDir>/test/.+\\.ts$': ['@swc/jest', swcOptions],
    '\\.ts$': '<rootDir>/test/support/strip-types.js',
  },
  // Sources of ours only; a folder of another checkout below this one is not ours.
  modulePathIgnorePatterns: ['<rootDir>/data/', '<rootDir>/coverage/', '<rootDir>/tmp/'],
};

const onDatabase = (kind: 'sqlite' | 'postgres'): Project => ({
  ...shared,
  displayName: kind,
  testMatch: ['<rootDir>/test/**/*.db.test.ts'],
  globals: { SALLYPORT_TEST_DATABASE: kind },
});

const config: Config = {
  projects: [
    {
      ...shared,
      displayName: 'pure',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['\\.db\\.test\\.ts$', '/node_modules/'],
    },
    onDatabase('sqlite'),
    {
      ...onDatabase('postgres'),
      globalSetup: '<rootDir>/test/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
    },
  ],
  reporters: ['default'],
  testTimeout: 120_000,
};

export default config;
