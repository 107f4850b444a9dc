// Who searches: the calling thread itself where handing over would cost more than the search, once a turn of
// the event loop; or else the search threads. Keeps watch over the library: an answer of it that is not right
// makes everybody search by the plain loop.

import type { Logger } from 'pino';
import { type LoadedKernel, loadKernel } from './kernel.ts';
import type { Part } from './matrix.ts';
import type { Hit } from './scan.ts';
import { type Search, type Searched, searchParts } from './search-parts.ts';
import { busy, createSearchThreads } from './search-threads.ts';

export interface SearchPool {
  /** Proves the library. Threads are started when they are first needed, and prove their own. */
  start(): Promise<void>;
  /** A gallery has grown so large that its searches will need threads. */
  expect(bytes: number): void;
  search(query: Float32Array, parts: readonly Part[], k: number): Promise<Hit[]>;
  /** The library gave an answer that was not right: from now on, the plain loop. */
  distrust(why: string): Promise<void>;
  kernel(): 'usearch' | 'loop';
  stop(): Promise<void>;
}

/** About a millisecond; handing over and back takes a quarter of one or more (docs/performance.md). */
const AT_ONCE_BYTES_MAX = 24_000_000;

export function createSearchPool(options: {
  workers: number;
  log: Logger;
  useLoop?: boolean;
}): SearchPool {
  const { workers, log, useLoop = false } = options;
  const threads = createSearchThreads({ workers, log, useLoop });
  let isTrusted = !useLoop;
  let stopped = false;
  let here: LoadedKernel | null = null;
  let turnIsFree = true;

  /** One a turn: whatever else waits for this thread waits for one such search at most. */
  const takeTurn = (wanted: Search): boolean => {
    if (!turnIsFree || bytesOf(wanted) > AT_ONCE_BYTES_MAX) return false;
    turnIsFree = false;
    setImmediate(() => (turnIsFree = true));
    return true;
  };
  const distrust = async (why: string): Promise<void> => {
    if (!isTrusted) return;
    isTrusted = false;
    here = null;
    log.error({ why }, 'the vector library is not trusted any more; searching by the plain loop');
    await threads.restartWithLoop();
  };
  const searchSomewhere = async (wanted: Search): Promise<Searched> => {
    if (stopped) throw busy();
    return here !== null && takeTurn(wanted) ? searchParts(here, wanted) : threads.search(wanted);
  };
  return {
    start: async () => {
      const loaded = isTrusted ? await loadKernel() : null;
      here = loaded?.name === 'usearch' ? loaded : null;
      if (here === null) await threads.wake();
    },
    expect: (bytes) => {
      if (bytes <= AT_ONCE_BYTES_MAX || stopped) return;
      threads
        .wake()
        .catch((error: unknown) => log.error({ err: error }, 'no search thread could be started'));
    },
    search: async (query, parts, k) => {
      const found = await searchSomewhere({ query, parts, k });
      if (found.doubt === null) return found.hits;
      await distrust(found.doubt);
      const again = await searchSomewhere({ query, parts, k });
      if (again.doubt !== null) throw busy();
      return again.hits;
    },
    distrust,
    kernel: () => (here === null || threads.areSomeLooping() ? 'loop' : 'usearch'),
    stop: async () => {
      stopped = true;
      await threads.stop();
    },
  };
}

/** That a search reads: a quarter where there are steps. */
function bytesOf({ query, parts }: Search): number {
  const rows = parts.reduce((sum, part) => sum + part.rows * (part.coarse === null ? 4 : 1), 0);
  return rows * query.length;
}
