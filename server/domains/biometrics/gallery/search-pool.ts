// Who searches: the calling thread itself where handing over would cost more than the search, once a turn of
// the event loop; or else the search threads, the least busy one, or all of them when the gallery is large. A
// thread that dies fails its searches (`unavailable`) and is replaced; it held nothing.

import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { AppError } from '../../../shared/errors.ts';
import type { Part } from './matrix.ts';
import { type LoadedKernel, loadKernel } from './kernel.ts';
import { type Hit, mergeHits } from './scan.ts';
import { type Search, type Searched, searchParts } from './search-parts.ts';
import type { SearchAnswer, SearchJob, WorkerReady } from './search-messages.ts';

export interface SearchPool {
  /** Starts the threads; each proves its kernel first. */
  start(): Promise<void>;
  search(query: Float32Array, parts: readonly Part[], k: number): Promise<Hit[]>;
  /** The library gave an answer that was not right: from now on, the plain loop. */
  distrust(why: string): Promise<void>;
  kernel(): 'usearch' | 'loop';
  stop(): Promise<void>;
}

/** Searches that wait in one thread; at milliseconds each, more would pass every deadline anyway. */
const PENDING_MAX = 512;
/** About a millisecond; handing over and back takes a quarter of one or more (docs/performance.md). */
const AT_ONCE_BYTES_MAX = 24_000_000;
/** Below this, sharing a search out costs more than it saves. */
const SPLIT_PARTS_MIN = 4;

interface Thread {
  worker: Worker;
  kernel: WorkerReady['kernel'];
  pending: Map<number, { resolve(found: Searched): void; reject(error: Error): void }>;
  /** Set when it is stopped on purpose. */
  ending: boolean;
}

export function createSearchPool(options: {
  workers: number;
  log: Logger;
  useLoop?: boolean;
}): SearchPool {
  const { workers, log } = options;
  let useLoop = options.useLoop ?? false;
  let stopped = false;
  let nextId = 0;
  let threads: Thread[] = [];
  let ownKernel: LoadedKernel | null = null;
  let turnIsFree = true;

  /** One a turn: whatever else waits for this thread waits for one such search at most. */
  const maySearchHere = ({ query, parts }: Search): boolean => {
    const bytes = parts.reduce((sum, { rows, coarse }) => sum + rows * (coarse ? 1 : 4), 0);
    if (!turnIsFree || bytes * query.length > AT_ONCE_BYTES_MAX) return false;
    turnIsFree = false;
    setImmediate(() => (turnIsFree = true));
    return true;
  };
  const add = async (): Promise<void> => {
    const thread = await startThread({ useLoop, log, onDeath: replace });
    if (stopped) await endThread(thread);
    else threads.push(thread);
  };
  const replace = (dead: Thread): void => {
    threads = threads.filter((thread) => thread !== dead);
    if (stopped || dead.ending) return;
    log.error('a search thread of the gallery died and is replaced');
    add().catch((error: unknown) => log.error({ err: error }, 'no search thread could be started'));
  };
  const ask = (thread: Thread, job: Search): Promise<Searched> => {
    if (thread.pending.size >= PENDING_MAX) throw busy();
    nextId += 1;
    const id = nextId;
    return new Promise((resolve, reject) => {
      thread.pending.set(id, { resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
      thread.worker.postMessage({ id, ...job } satisfies SearchJob);
    });
  };
  const restartAll = async (): Promise<void> => {
    const old = threads;
    threads = [];
    await Promise.all(Array.from({ length: workers }, add));
    await Promise.all(old.map(endThread));
  };
  const distrust = async (why: string): Promise<void> => {
    if (useLoop) return;
    useLoop = true;
    ownKernel = null;
    log.error({ why }, 'the vector library is not trusted any more; searching by the plain loop');
    await restartAll();
  };
  const searchSomewhere = async (wanted: Search): Promise<Searched> => {
    if (threads.length === 0) throw busy();
    if (ownKernel !== null && maySearchHere(wanted)) return searchParts(ownKernel, wanted);
    const shares = shareOut(wanted.parts, threads);
    const found = await Promise.all(
      shares.map(({ thread, parts }) => ask(thread, { ...wanted, parts })),
    );
    const hits = mergeHits(
      found.map((each) => each.hits),
      wanted.k,
    );
    return { hits, doubt: found.find(({ doubt }) => doubt !== null)?.doubt ?? null };
  };
  return {
    start: async () => {
      const loaded = useLoop ? null : await loadKernel();
      ownKernel = loaded?.name === 'usearch' ? loaded : null;
      await restartAll();
    },
    search: async (query, parts, k) => {
      const found = await searchSomewhere({ query, parts, k });
      if (found.doubt === null) return found.hits;
      await distrust(found.doubt);
      return (await searchSomewhere({ query, parts, k })).hits;
    },
    distrust,
    kernel: () =>
      threads.some((thread) => thread.kernel === 'loop') || useLoop ? 'loop' : 'usearch',
    stop: async () => {
      stopped = true;
      const ending = threads;
      threads = [];
      await Promise.all(ending.map(endThread));
    },
  };
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

function busy(): AppError {
  return new AppError('unavailable', 'The gallery has no free search thread. Try again shortly.', {
    retryAfterMs: 1_000,
  });
}
