// `npm run image:base`: a base image without any registry, from this machine's own Debian mirror and the Node
// that npm brought. Meant for tests and for sites that have nothing else; needs root, debootstrap and buildah.
// Prints two names, the base and the one with npm that fetches packages, and keeps its work in the user's cache.

import { makeBase } from './image/make-base.ts';

try {
  const { base, buildBase } = makeBase((line) => console.error(line));
  console.log(`${base}\n${buildBase}`);
} catch (error) {
  console.error(`npm run image:base: ${(error as Error).message}`);
  process.exitCode = 1;
}
