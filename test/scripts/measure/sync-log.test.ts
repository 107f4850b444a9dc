import { describe, expect, test } from '@jest/globals';
import { quantile } from '../../../scripts/measure/quantile.ts';
import { piecesOf, readSyncs, reckonWorker, type Sync } from '../../../scripts/measure/sync-log.ts';

describe('the log of flushes', () => {
  test('is read with the delay that strace leaves out of its own figure', () => {
    const log = [
      '7 100.000000 fdatasync(21</d/a.db-wal>) = 0 (DELAYED) <0.002000>',
      '7 100.050000 fsync(20</d/a.db>) = 0 <0.001000>',
      '7 100.060000 fsync(20</d/a.db>) = -1 EIO (Input/output error) <0.001000>',
      '9 100.070000 +++ exited with 0 +++',
    ].join('\n');
    expect(readSyncs(log, 20)).toEqual([
      { startMs: 100_000, endMs: 100_022, isWal: true },
      { startMs: 100_050, endMs: 100_071, isWal: false },
    ]);
  });

  test('puts the two halves of an interrupted line together, thread by thread', () => {
    const log = [
      '7 100.000000 fdatasync(21</d/a.db-wal> <unfinished ...>',
      '8 100.001000 fdatasync(22</d/b.db-wal> <unfinished ...>',
      '7 100.003000 <... fdatasync resumed>) = 0 (DELAYED) <0.003000>',
      '8 100.009000 <... fdatasync resumed>) = 0 (DELAYED) <0.008000>',
    ].join('\n');
    expect(readSyncs(log, 0).map(({ startMs, endMs }) => endMs - startMs)).toEqual([3, 8]);
  });
});

describe('turns of the writer', () => {
  const wal = (startMs: number): Sync => ({ startMs, endMs: startMs + 5, isWal: true });
  const file = (startMs: number): Sync => ({ ...wal(startMs), isWal: false });

  test('a checkpoint belongs to the commit before it, the header to the commit after it', () => {
    // commit · commit, log, file · header, commit · commit
    const syncs = [wal(0), wal(10), wal(15), file(20), wal(30), wal(35), wal(50)];
    expect(piecesOf(syncs)).toEqual([
      { startMs: 0, endMs: 5, isCheckpoint: false },
      { startMs: 10, endMs: 25, isCheckpoint: true },
      { startMs: 30, endMs: 40, isCheckpoint: false },
      { startMs: 50, endMs: 55, isCheckpoint: false },
    ]);
  });

  test('an ask waits for the turn at work and for one of its own', () => {
    const pieces = piecesOf([wal(0), wal(20), wal(40)]);
    // Ready at 21, while the second is at work until 25; then the third's 5.
    expect(reckonWorker([{ atMs: 20, tookMs: 0 }], pieces, 1)).toEqual([10]);
    // Ready at 12, when nothing is at work.
    expect(reckonWorker([{ atMs: 10, tookMs: 0 }], pieces, 2)).toEqual([7]);
    // Nothing came afterwards that could be taken for its own.
    expect(reckonWorker([{ atMs: 60, tookMs: 0 }], pieces, 1)).toEqual([]);
  });
});

test('a quantile is the value that the stated share does not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);
  expect(quantile(hundred, 0.5)).toBe(50);
  expect(quantile(hundred, 0.99)).toBe(99);
  expect(quantile([7], 0.99)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
});
