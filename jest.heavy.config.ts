// jest for `npm run test:heavy`: the same rooms as jest.config.ts, other files, one at a time. A heavy test that
// needs a database is named x.db.heavy.ts and runs on both.

import type { Config } from 'jest';
import config from './jest.config.ts';

const heavy: Config = {
  ...config,
  ci: true,
  maxWorkers: 1,
  testTimeout: 600_000,
  projects: (config.projects ?? []).flatMap((project) =>
    typeof project === 'string'
      ? []
      : [
          {
            ...project,
            testMatch: [
              project.displayName === 'pure'
                ? '<rootDir>/test/**/*.heavy.ts'
                : '<rootDir>/test/**/*.db.heavy.ts',
            ],
            ...(project.displayName === 'pure'
              ? { testPathIgnorePatterns: ['\\.db\\.heavy\\.ts$', '/node_modules/'] }
              : {}),
          },
        ],
  ),
};

export default heavy;
