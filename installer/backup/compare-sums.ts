// Reads restored tables back and holds them against the sums of the backup.

import { createHash } from 'node:crypto';
import type { BackupEnd, TableShape } from './format.ts';

export async function requireSums(
  { tables }: BackupEnd,
  shapes: readonly TableShape[],
  linesOf: (table: TableShape) => AsyncIterable<readonly string[]>,
): Promise<void> {
  const unread = new Set(Object.keys(tables));
  for (const shape of shapes) {
    const hash = createHash('sha256');
    let rows = 0;
    for await (const lot of linesOf(shape)) {
      hash.update(lot.join(''));
      rows += lot.length;
    }
    const expected = tables[shape.name];
    if (expected?.rows !== rows || expected.sha256 !== hash.digest('hex')) {
      throw new Error(
        `The table ${shape.name}: expected the ${expected?.rows ?? 0} rows of the backup, read back ${rows}, or others.`,
      );
    }
    unread.delete(shape.name);
  }
  if (unread.size > 0) throw new Error(`Tables that were not loaded: ${[...unread].join(', ')}.`);
}
