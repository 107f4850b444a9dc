// What one operation costs: statements and commits by a count inside the process, syncs by strace on every
// process that writes, rows by counting the tables before and after. Beside the timed rounds, never in them.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { traceSyncs } from '../../test/durability/traced-syncs.ts';
import { until } from '../../scripts/chaos/wait.ts';
import type { Store } from '../subject/store.ts';
import type { Counts } from './count-calls.ts';

export interface Costs {
  operations: number;
  statements: number;
  exchanges: number;
  commits: number;
  /** Null where strace is not to be had. */
  syncs: number | null;
  rows: Readonly<Record<string, number>>;
}

export interface Counted {
  pid: number;
  countsFile: string;
  store: Store;
}

export async function countCosts(
  { pid, countsFile, store }: Counted,
  operations: number,
  work: () => Promise<void>,
): Promise<Costs> {
  const writers = await store.writers(pid);
  const rowsBefore = await store.rows();
  const trace = hasStrace() ? await traceSyncs(writers) : null;
  const before = await readCounts(pid, countsFile);
  await work();
  const after = await readCounts(pid, countsFile);
  const syncs = trace?.syncs() ?? null;
  await trace?.stop();
  const rowsAfter = await store.rows();
  return {
    operations,
    statements: after.statements - before.statements,
    exchanges: after.exchanges - before.exchanges,
    commits: after.commits - before.commits,
    syncs,
    rows: difference(rowsBefore, rowsAfter),
  };
}

export function describeCosts(who: string, costs: Costs): string {
  const per = (times: number): string => (times / costs.operations).toFixed(2);
  const rows = Object.entries(costs.rows).map(([table, count]) => `${table} ${per(count)}`);
  const trips = costs.exchanges === 0 ? '' : ` in ${per(costs.exchanges)} round trips`;
  return (
    `${who}, per operation: ${per(costs.statements)} statements${trips}, ${per(costs.commits)} commits, ` +
    `${costs.syncs === null ? 'n/a' : per(costs.syncs)} syncs; rows: ${rows.join(', ') || 'none'}`
  );
}

const COUNTS_MS = 5_000;

export async function readCounts(pid: number, file: string): Promise<Counts> {
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  const came = await until(() => existsSync(file), { timeoutMs: COUNTS_MS, everyMs: 5 });
  if (!came) throw new Error(`Process ${pid} did not write ${file} in ${COUNTS_MS} ms.`);
  return JSON.parse(readFileSync(file, 'utf8')) as Counts;
}

function hasStrace(): boolean {
  return spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0;
}

function difference(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> {
  const changed = Object.entries(after).map(
    ([table, count]) => [table, count - (before[table] ?? 0)] as const,
  );
  return Object.fromEntries(changed.filter(([, count]) => count !== 0));
}
