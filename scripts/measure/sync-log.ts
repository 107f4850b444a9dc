// Reads what strace wrote about the calls that make a file durable (`-ttt -T -y`): when each began and
// ended, the injected delay included, and what an ask would have waited had the writer a thread of its own.

export interface Sync {
  /** Milliseconds since 1970, as the terminal's clock on the same machine. */
  startMs: number;
  endMs: number;
  isWal: boolean;
}

export interface Ask {
  atMs: number;
  tookMs: number;
}

const CALL = /^(\d+) +(\d+\.\d+) (?:fsync|fdatasync)\(\d+<([^>]*)>\) += 0.*<(\d+\.\d+)>$/;
const BEGUN = /^(\d+) +(\d+\.\d+) (?:fsync|fdatasync)\(\d+<([^>]*)> <unfinished \.\.\.>$/;
const RESUMED = /^(\d+) +\d+\.\d+ <\.\.\. (?:fsync|fdatasync) resumed>.*= 0.*<(\d+\.\d+)>$/;

/** strace's own figure of a call's time ends before the injected delay does. */
export function readSyncs(log: string, delayMs: number): Sync[] {
  const syncs: Sync[] = [];
  const begun = new Map<string, { at: string; file: string }>();
  const add = (at: string, file: string, took: string): void => {
    const startMs = Number(at) * 1_000;
    const endMs = startMs + Number(took) * 1_000 + delayMs;
    syncs.push({ startMs, endMs, isWal: file.endsWith('-wal') });
  };
  for (const line of log.split('\n')) {
    const [, , at, file, took] = CALL.exec(line) ?? [];
    if (at !== undefined && file !== undefined && took !== undefined) add(at, file, took);
    const [, thread, since, path] = BEGUN.exec(line) ?? [];
    if (thread !== undefined && since !== undefined && path !== undefined)
      begun.set(thread, { at: since, file: path });
    const [, resumed, rest] = RESUMED.exec(line) ?? [];
    const first = resumed === undefined ? undefined : begun.get(resumed);
    if (first !== undefined && rest !== undefined) add(first.at, first.file, rest);
  }
  return syncs.toSorted((a, b) => a.startMs - b.startMs);
}

/** One turn of the writer at the disk: a commit, with the parts of a checkpoint that fall to it. */
export interface Piece {
  startMs: number;
  endMs: number;
  isCheckpoint: boolean;
}

/**
 * A checkpoint follows the commit that filled the log: the log is flushed once more, then the file itself;
 * and the first commit of the log that begins anew flushes its header before itself.
 */
export function piecesOf(syncs: readonly Sync[]): Piece[] {
  const pieces: Piece[] = [];
  const isFile = (at: number): boolean => syncs[at]?.isWal === false;
  for (let at = 0; at < syncs.length;) {
    const isCheckpoint = isFile(at + 2);
    const length = isCheckpoint ? 3 : isFile(at - 1) ? 2 : 1;
    const [first, last] = [syncs[at], syncs[Math.min(at + length, syncs.length) - 1]];
    if (first !== undefined && last !== undefined)
      pieces.push({ startMs: first.startMs, endMs: last.endMs, isCheckpoint });
    at += length;
  }
  return pieces;
}

/**
 * With a writer in a thread of its own the search and the statements would go on during a flush, but the
 * commit would still queue behind the piece at work and then need one itself: both are taken from this run,
 * the second as the next piece that really came.
 */
export function reckonWorker(
  asks: readonly Ask[],
  pieces: readonly Piece[],
  readyMs: number,
): number[] {
  return asks.flatMap(({ atMs }) => {
    const readyAt = atMs + readyMs;
    const atWork = pieces.find(({ startMs, endMs }) => startMs <= readyAt && readyAt < endMs);
    const next = pieces.find(({ startMs }) => startMs > readyAt);
    if (next === undefined) return [];
    return [(atWork?.endMs ?? readyAt) + (next.endMs - next.startMs) - atMs];
  });
}
