import { describe, expect, test } from '@jest/globals';
import { replaceBlocks, staleBlocks } from '../../../scripts/architecture/blocks.ts';

const page = 'Before.\n<!-- generated: tree -->\nold\n<!-- end: tree -->\nAfter.\n';

describe('generated parts of a page', () => {
  test('are replaced, and what stands around them is left alone', () => {
    const written = replaceBlocks(page, { tree: 'new' });
    expect(written).toBe(
      'Before.\n<!-- generated: tree -->\n\nnew\n\n<!-- end: tree -->\nAfter.\n',
    );
    expect(replaceBlocks(written, { tree: 'new' })).toBe(written);
  });

  test('are stale when they say something else', () => {
    expect(staleBlocks(page, { tree: 'new' })).toEqual(['tree']);
    expect(staleBlocks(page, { tree: 'old' })).toEqual([]);
  });

  test.each(['nothing here', '<!-- generated: tree --> only', '<!-- end: tree --> only'])(
    'a page without the marks is refused: %s',
    (broken) => {
      expect(() => replaceBlocks(broken, { tree: 'new' })).toThrow(
        'Expected the markers <!-- generated: tree --> and <!-- end: tree --> on the page, found not both.',
      );
    },
  );
});
