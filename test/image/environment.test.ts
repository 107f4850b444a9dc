import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { SERVER_ENVIRONMENT } from '../../installer/runtimes/server-environment.ts';

test('the image sets what the other runtimes set for the server', () => {
  const dockerfile = readFileSync(join(import.meta.dirname, '../../Dockerfile'), 'utf8');
  const set = /^ENV NODE_ENV=.*$/m.exec(dockerfile)?.[0].split(' ') ?? [];
  const wanted = Object.entries(SERVER_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
  expect(wanted.length).toBeGreaterThan(0);
  expect(set).toEqual(expect.arrayContaining(wanted));
});
