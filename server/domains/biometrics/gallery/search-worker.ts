// A thread that searches what it is handed: it keeps nothing between two searches. Memory is shared,
// not copied. Answers a failure as a message; only a crash ends it.

import { parentPort, workerData } from 'node:worker_threads';
import { loadKernel, LOOP } from './kernel.ts';
import { type SearchAnswer, type SearchJob, NONE, type WorkerReady } from './search-messages.ts';
import { searchParts } from './search-parts.ts';

const port = parentPort;
if (port === null) throw new Error('The search worker runs as a thread of the appliance only.');

const { useLoop } = workerData as { useLoop: boolean };
const loaded = useLoop ? LOOP : await loadKernel();

port.on('message', (job: SearchJob) => port.postMessage(answer(job)));
port.postMessage({
  ready: true,
  kernel: loaded.name,
  trouble: loaded.trouble,
} satisfies WorkerReady);

function answer({ id, ...job }: SearchJob): SearchAnswer {
  try {
    const { hits, doubt } = searchParts(loaded, job);
    return {
      id,
      rows: Int32Array.from(hits, ({ row }) => row),
      scores: Float64Array.from(hits, ({ score }) => score),
      doubt,
      failure: null,
    };
  } catch (error) {
    return { id, rows: NONE, scores: NONE, doubt: null, failure: String(error) };
  }
}
