// A thread that searches what it is handed: it keeps nothing between two searches. Memory is shared,
// not copied. Answers a failure as a message; only a crash ends it.

import { parentPort, workerData } from 'node:worker_threads';
import { loadKernel } from './kernel.ts';
import { mergeHits, scan } from './scan.ts';
import type { SearchAnswer, SearchJob, WorkerReady } from './search-messages.ts';

const port = parentPort;
if (port === null) throw new Error('The search worker runs as a thread of the appliance only.');

const { useLoop } = workerData as { useLoop: boolean };
const loaded = useLoop
  ? { name: 'loop' as const, kernel: scan, trouble: null }
  : await loadKernel();

port.on('message', (job: SearchJob) => port.postMessage(answer(job)));
port.postMessage({
  ready: true,
  kernel: loaded.name,
  trouble: loaded.trouble,
} satisfies WorkerReady);

function answer({ id, query, parts, k }: SearchJob): SearchAnswer {
  try {
    const lists = parts.map(({ memory, firstRow, rows }) =>
      loaded
        .kernel(new Float32Array(memory, 0, rows * query.length), query, { rows, k })
        .map(({ row, score }) => ({ row: firstRow + row, score })),
    );
    return { id, hits: mergeHits(lists, k), failure: null };
  } catch (error) {
    return { id, hits: [], failure: String(error) };
  }
}
