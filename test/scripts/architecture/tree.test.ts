import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { firstSentence, renderTree } from '../../../scripts/architecture/tree.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sallyport-tree-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

describe('the tree of folders', () => {
  test('tells each folder by the file that speaks for it', () => {
    put('bench/index.ts', '// Measures things. Slowly.\n');
    put('bench/doors/doors.ts', '// Doors, measured: all of\n// them, at once.\nexport {};\n');
    put('bench/mute/a.ts', 'export {};\n');
    put('bench/mute/b.ts', 'export {};\n');
    expect(renderTree(root)).toBe(
      [
        '- `bench/` – Measures things.',
        '  - `doors/` – Doors, measured: all of them, at once.',
        '  - `mute/` – `a.ts`, `b.ts`',
      ].join('\n'),
    );
  });

  test('knows no empty folders, as git knows none, and no hidden or installed ones', () => {
    mkdirSync(join(root, 'bench/empty'), { recursive: true });
    put('node_modules/x/index.ts', '// X.\n');
    put('.git/index.ts', '// X.\n');
    expect(renderTree(root)).toBe('');
  });
});

describe('the first sentence of a file', () => {
  test.each([
    ['a.ts', '// One. Two.\nimport x;', 'One.'],
    ['a.ts', '// The only door of people: persons. More.\n', 'persons.'],
    ['a.ts', '#!/usr/bin/env node\n// One `x.y` word. Two.\n', 'One `x.y` word.'],
    ['a.ts', "import x from 'x';\n// Not a header.", ''],
    ['README.md', '# Title\n\nA paragraph\nof two lines. More.\n', 'A paragraph of two lines.'],
  ])('%s: %j', (file, text, sentence) => {
    expect(firstSentence(file, text)).toBe(sentence);
  });
});
