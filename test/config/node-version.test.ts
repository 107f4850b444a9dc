import { describe, expect, test } from '@jest/globals';
import { nodeVersionProblem } from '../../config/node-version.js';

describe('the version of Node', () => {
  test.each(['24.12.0', '24.21.0'])('%s is right', (version) => {
    expect(nodeVersionProblem(version)).toBeNull();
  });

  test.each(['20.20.2', '24.11.1', '25.0.0', '2.4', 'x'])(
    '%s is refused in one line',
    (version) => {
      const problem = nodeVersionProblem(version) ?? '';
      expect(problem).toContain(`expected Node 24.12 or a later 24, found ${version}.`);
      expect(problem.trimEnd()).not.toContain('\n');
    },
  );
});
