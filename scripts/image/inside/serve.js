// What the container runs: the compile cache first, then the server with the image's own defaults below the
// customer's configuration. Plain JavaScript: with the cache there, Node need not load its TypeScript stripper.

import { useCompileCache } from './compile-cache.js';
import { withImageDefaults } from './image-defaults.js';

useCompileCache();
process.argv = [
  ...process.argv.slice(0, 2),
  ...withImageDefaults(process.argv.slice(2), process.env),
];
await import(new URL('../../../server/main.ts', import.meta.url).href);
