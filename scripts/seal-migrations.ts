// `npm run migrations:seal -- VERSION`: writes into migrations/released.json what each migration sends, when a
// release is made. From then on the linter holds them to it.

import { MIGRATIONS } from '../migrations/index.ts';
import { seal } from './migrations-lint/released.ts';

const [version = ''] = process.argv.slice(2);
if (/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) {
  const sealed = await seal(version, MIGRATIONS);
  console.log(`sealed with ${version}: ${sealed.length === 0 ? 'nothing new' : sealed.join(', ')}`);
} else {
  console.error(`expected the version of the release, as 0.2.0, found ${JSON.stringify(version)}.`);
  process.exitCode = 2;
}
