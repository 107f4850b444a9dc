// What a restore changes in the rows it loaded, the same on both databases; everything else stays as it was.

import type { TableShape } from './format.ts';

/**
 * Positions that were handed out after the backup are not handed out again: whoever reads the log by
 * position and was ahead of the backup misses nothing that comes.
 */
const POSITIONS_SKIPPED = 1_000_000;

export function sequenceAfter(table: TableShape, highest: number): number {
  return table.columns.some(({ name }) => name === 'pos') ? highest + POSITIONS_SKIPPED : highest;
}

/**
 * Nothing of these had been sent at the backup's moment; it may have been since, and by now the provider
 * may have forgotten the key. Marked, they are looked up first and only sent, under a new key, when they
 * are proven absent. Other steps ask for a state ("captured") and are safe to repeat. $1: the backup's moment.
 */
export const MARK_DOUBTED = `update operation
    set first_sent_at = $1, last_sent_at = $1, key_spent = 1, version = version + 1
  where status in ('queued', 'not_sent') and step in ('create', 'refund') and key_spent = 0`;

/** Tables of before there were operations have nothing to mark. */
export function hasOperations(shapes: readonly TableShape[]): boolean {
  return shapes.some(({ name }) => name === 'operation');
}

export function requireSameShape(wanted: TableShape, found: TableShape | undefined): void {
  const text = (shape: TableShape | undefined): string =>
    shape === undefined
      ? 'no such table'
      : shape.columns
          .map(({ name, kind }) => `${name} ${kind}`)
          .toSorted()
          .join(', ');
  if (text(wanted) === text(found)) return;
  throw new Error(
    `The table ${wanted.name}: the backup has ${text(wanted)}; its migrations made ${text(found)} here.`,
  );
}
