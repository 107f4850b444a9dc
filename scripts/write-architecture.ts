// `npm run docs:architecture`: writes into docs/architecture.md what can be read off the sources, so that the
// page cannot drift: the tree of folders, the pictures of imports and who owns which table. `--check` writes
// nothing and ends with 1 when the page is stale. `--page FILE` takes another page.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { replaceBlocks, staleBlocks } from './architecture/blocks.ts';
import { generateBlocks } from './architecture/generate.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    page: { type: 'string', default: join(ROOT, 'docs/architecture.md') },
  },
});
const page = readFileSync(values.page, 'utf8');
const blocks = generateBlocks(ROOT, page);
const stale = staleBlocks(page, blocks);
if (stale.length === 0) {
  console.log(`${values.page} says what the sources say.`);
} else if (values.check) {
  console.error(
    `${values.page} is stale (${stale.join(', ')}). Write it anew with \`npm run docs:architecture\`.`,
  );
  process.exitCode = 1;
} else {
  writeFileSync(values.page, replaceBlocks(page, blocks));
  console.log(`${values.page}: written anew: ${stale.join(', ')}.`);
}
