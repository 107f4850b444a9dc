// The search threads: each search goes to the least busy one, or to all when the gallery is large. They are
// started when they are first needed. One that dies fails its searches (`unavailable`) and is replaced; it
// held nothing.

import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { AppError } from '../../../shared/errors.ts';
import type { Part } from './matrix.ts';
import { mergeHits } from './scan.ts';
import type { SearchAnswer, SearchJob, WorkerReady } from './search-messages.ts';
import type { Search, Searched } from './search-parts.ts';

export interface SearchThreads {
  search(wanted: Search): Promise<Searched>;
  /** Starts them; each proves its kernel first. */
  wake(): Promise<void>;
  /** Ends those there are and starts others that use the plain loop. */
  restartWithLoop(): Promise<void>;
  /** Some thread found the library unusable. */
  areSomeLooping(): boolean;
  stop(): Promise<void>;
}

/** Searches that wait in one thread; at milliseconds each, more would pass every deadline anyway. */
const PENDING_MAX = 512;
/** Below this, sharing a search out costs more than it saves. */
const SPLIT_PARTS_MIN = 4;

interface Thread {
  worker: Worker;
  kernel: WorkerReady['kernel'];
  pending: Map<number, { resolve(found: Searched): void; reject(error: Error): void }>;
  /** Set when it is stopped on purpose. */
  ending: boolean;
}

export function createSearchThreads(options: {
  workers: number;
  log: Logger;
  useLoop: boolean;
}): SearchThreads {
  const { workers, log } = options;
  let { useLoop } = options;
  let stopped = false;
  let threads: Thread[] = [];
  let waking: Promise<unknown> | null = null;

  const add = async (): Promise<void> => {
    const asLoop = useLoop;
    const thread = await startThread({ useLoop, log, onDeath: replace });
    // Nobody may search with a library that lost its trust while this one started.
    if (stopped || asLoop !== useLoop) await endThread(thread);
    else threads.push(thread);
  };
  const replace = (dead: Thread): void => {
    threads = threads.filter((thread) => thread !== dead);
    if (stopped || dead.ending) return;
    log.error('a search thread of the gallery died and is replaced');
    add().catch((error: unknown) => {
      log.error({ err: error }, 'no search thread could be started');
      if (threads.length === 0) waking = null; // the next search tries again
    });
  };
  const wake = async (): Promise<void> => {
    if (stopped) throw busy();
    waking ??= startAll();
    await waking;
  };
  /** Fewer than wanted serve as well. */
  const startAll = async (): Promise<void> => {
    const started = await Promise.allSettled(Array.from({ length: workers }, add));
    const failed = started.find((one) => one.status === 'rejected');
    if (failed === undefined || threads.length > 0) return;
    waking = null;
    throw failed.reason;
  };
  return {
    search: async (wanted) => {
      await wake();
      if (threads.length === 0) throw busy();
      const shares = shareOut(wanted.parts, threads);
      const found = await Promise.all(
        shares.map(({ thread, parts }) => ask(thread, { ...wanted, parts })),
      );
      const hits = mergeHits(
        found.map((each) => each.hits),
        wanted.k,
      );
      return { hits, doubt: found.find(({ doubt }) => doubt !== null)?.doubt ?? null };
    },
    wake,
    restartWithLoop: async () => {
      const old = threads;
      useLoop = true;
      threads = [];
      waking = null;
      await wake();
      await Promise.all(old.map(endThread));
    },
    areSomeLooping: () => threads.some(({ kernel }) => kernel === 'loop'),
    stop: async () => {
      stopped = true;
      const ending = threads;
      threads = [];
      await Promise.all(ending.map(endThread));
    },
  };
}

let lastId = 0;

function ask(thread: Thread, job: Search): Promise<Searched> {
  if (thread.pending.size >= PENDING_MAX) throw busy();
  lastId += 1;
  const id = lastId;
  return new Promise((resolve, reject) => {
    thread.pending.set(id, { resolve, reject });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    thread.worker.postMessage({ id, ...job } satisfies SearchJob);
  });
}

function shareOut(
  parts: readonly Part[],
  threads: readonly Thread[],
): { thread: Thread; parts: Part[] }[] {
  const byLoad = threads.toSorted((a, b) => a.pending.size - b.pending.size);
  const count = parts.length < SPLIT_PARTS_MIN ? 1 : byLoad.length;
  return byLoad.slice(0, count).map((thread, index) => ({
    thread,
    parts: parts.filter((_part, place) => place % count === index),
  }));
}

function startThread({
  useLoop,
  log,
  onDeath,
}: {
  useLoop: boolean;
  log: Logger;
  onDeath: (thread: Thread) => void;
}): Promise<Thread> {
  const worker = new Worker(new URL('./search-worker.ts', import.meta.url), {
    workerData: { useLoop },
  });
  // The listeners keep the process alive while it serves; a search thread alone should not.
  worker.unref();
  const thread: Thread = { worker, kernel: 'loop', pending: new Map(), ending: false };
  let isReady = false;
  return new Promise((resolve, reject) => {
    worker.on('message', (message: WorkerReady | SearchAnswer) => {
      if ('ready' in message) {
        thread.kernel = message.kernel;
        if (message.trouble !== null) {
          log.error(
            { why: message.trouble },
            'the vector library is not usable; searching by loop',
          );
        }
        isReady = true;
        resolve(thread);
      } else settle(thread, message);
    });
    worker.on('error', (error) => {
      log.error({ err: error }, 'a search thread failed');
      reject(error);
    });
    worker.on('exit', (code) => {
      reject(new Error(`A search thread ended with code ${code} before it was ready.`));
      for (const waiting of thread.pending.values()) waiting.reject(busy());
      thread.pending.clear();
      // One that never started is not tried for ever: whoever started it is told.
      if (isReady) onDeath(thread);
    });
  });
}

function settle(thread: Thread, { id, rows, scores, doubt, failure }: SearchAnswer): void {
  const waiting = thread.pending.get(id);
  thread.pending.delete(id);
  const hits = Array.from(rows, (row, place) => ({ row, score: scores[place] ?? 0 }));
  if (failure === null) waiting?.resolve({ hits, doubt });
  else waiting?.reject(new Error(`A search failed: ${failure}`));
}

async function endThread(thread: Thread): Promise<void> {
  thread.ending = true;
  await thread.worker.terminate();
}

export function busy(): AppError {
  return new AppError('unavailable', 'The gallery has no free search thread. Try again shortly.', {
    retryAfterMs: 1_000,
  });
}
