// From the start of the process to its ready line, and the memory it then holds, with galleries of several
// sizes. Both sides start with a warm compile cache, as the image has it.

import { copyFileSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { SERVER_ENVIRONMENT } from '../../installer/runtimes/server-environment.ts';
import type { Context, Measure, Result } from '../measure.ts';
import { sleep } from '../../scripts/chaos/wait.ts';
import { atMost, type Aim, compare, REPORT } from '../result.ts';
import { alternate } from '../rounds.ts';
import { residentMib } from '../subject/cpu.ts';
import { copyFilled } from '../subject/filled.ts';
import { startProcess, type Started } from '../subject/process.ts';
import { serverEnvironment, startServer } from '../subject/server.ts';

const PEER = 'bare Koa + open database';
/** What a start leaves behind is gone by then, and nothing has happened yet. */
const IDLE_MS = 3_000;
const JUDGED_TEMPLATES = 10_000;

export const start: Measure = {
  name: 'start',
  about: 'start to ready and idle memory, SQLite',
  run: async (context) => {
    const results: Result[] = [];
    for (const templates of [0, ...context.size.galleries]) {
      context.log(`  ${templates} templates`);
      const folder = mkdtempSync(join(context.folder, `${templates}-`));
      results.push(...(await withTemplates({ ...context, folder }, templates)));
    }
    return results;
  },
};

async function withTemplates(context: Context, templates: number): Promise<Result[]> {
  const { dataDir } = await copyFilled(context, templates);
  copyFileSync(join(dataDir, 'sallyport.db'), join(dataDir, 'peer.db'));
  const idle = { ours: [] as number[], peer: [] as number[] };
  const once = async (side: 'ours' | 'peer'): Promise<number> => {
    const from = performance.now();
    const started = await (side === 'ours'
      ? startOurs(context, dataDir)
      : startPeer(context, dataDir));
    const tookMs = performance.now() - from;
    if (idle[side].length < MEMORY_STARTS) {
      await sleep(context.size.name === 'smoke' ? 0 : IDLE_MS);
      idle[side].push(residentMib(started.pid));
    }
    await started.stop();
    return tookMs;
  };
  const starts = await alternate(
    context.size.starts,
    () => once('ours'),
    () => once('peer'),
  );
  const judged = (aim: Aim): Aim => (templates === JUDGED_TEMPLATES ? aim : REPORT);
  const at = `${templates.toLocaleString('en')} templates`;
  return [
    compare(context, {
      measure: `start to ready, ${at}`,
      unit: 'ms',
      peerName: PEER,
      aim: judged(atMost(1_500, 'ms')),
      note: 'with a warm compile cache on both sides',
      rounds: starts,
    }),
    compare(context, {
      measure: `idle memory, ${at}`,
      unit: 'MiB',
      peerName: PEER,
      aim: judged(atMost(150, 'MiB')),
      note: `resident memory ${IDLE_MS / 1_000} s after ready`,
      rounds: idle,
    }),
  ];
}

const MEMORY_STARTS = 3;

function startOurs(context: Context, dataDir: string): Promise<Started> {
  const { root, folder } = context;
  const env = { ...serverEnvironment(dataDir), ...compileCache(folder), ...SERVER_ENVIRONMENT };
  return startServer({ root, folder, dataDir, env, role: 'all' });
}

function startPeer({ root, folder }: Context, dataDir: string): Promise<Started> {
  return startProcess({
    ...{ root, folder, env: compileCache(folder) },
    name: 'peer',
    script: 'bench/peers/empty-main.ts',
    args: [JSON.stringify({ address: { file: join(dataDir, 'peer.db') } })],
  });
}

function compileCache(folder: string): Record<string, string> {
  const cache = join(folder, 'compile-cache');
  mkdirSync(cache, { recursive: true });
  return { NODE_COMPILE_CACHE: cache };
}
