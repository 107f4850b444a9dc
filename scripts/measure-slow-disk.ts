// `npm run measure:slow-disk -- [--seconds N] [--delays 0,5,20,50]`: what a slow disk does to answers at the
// door, to reads and to the server's event loop. The figures of docs/decisions/0011 come from here. Needs
// Linux and strace. Ends with 1 when a measurement could not be held.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { killAll } from './chaos/child.ts';
import { createJournal } from './chaos/journal.ts';
import { prepare } from './chaos/prepare.ts';
import { openAppliance } from './measure/appliance.ts';
import { type Disk, disks, syncLog } from './measure/disk.ts';
import { claimDoor, type Door } from './measure/door.ts';
import { quantile } from './measure/quantile.ts';
import { type Piece, piecesOf, readSyncs, reckonWorker } from './measure/sync-log.ts';
import { RATES_PER_SECOND, runTraffic, type Seen, type Traffic } from './measure/traffic.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PEOPLE = 24;
const DOORS = 4;
const WARM_UP_SECONDS = 5;

const HEADER = `| Disk | ask → answer p50 / p99 | with a worker, reckoned | read p50 / p99 | write p50 / p99 | event loop p50 / p99 / max | commits/s, checkpoints | asks, approved | load |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    delays: { type: 'string', default: '0,5,20,50' },
  },
});
const seconds = Number(values.seconds);
const delaysMs = values.delays.split(',').map(Number);
if (!(seconds > 0) || delaysMs.some((delay) => !(delay >= 0))) {
  console.error('usage: npm run measure:slow-disk -- [--seconds N] [--delays 0,5,20,50]');
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'sallyport-slow-disk-'));
const appliance = await openAppliance(ROOT, folder);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void end().then(() => process.exit(1)));
try {
  await measure();
  await end();
  rmSync(folder, { recursive: true, force: true });
} catch (error) {
  console.error(`${(error as Error).stack}\nLogs are in ${folder}.`);
  process.exitCode = 1;
} finally {
  await end();
}

async function end(): Promise<void> {
  await appliance.close();
  killAll();
}

async function measure(): Promise<void> {
  const [first, ...others] = disks(delaysMs);
  if (first === undefined) return;
  await appliance.start(first);
  const traffic = await prepareTraffic();
  const { asks, events, writes, reads } = RATES_PER_SECOND;
  console.log(
    `${seconds} s each; per second ${asks} asks at ${DOORS} doors, ${events} events, ` +
      `${writes} people written, ${reads} read, and what the outbox does with the payments\n`,
  );
  console.log(HEADER);
  let readyMs = 0;
  for (const disk of [first, ...others]) {
    if (disk !== first) {
      await appliance.stop();
      await appliance.start(disk);
    }
    for (const door of traffic.doors) await door.online();
    await runTraffic(traffic, appliance.api, WARM_UP_SECONDS);
    const seen = await runTraffic(traffic, appliance.api, seconds);
    const took = seen.asks.map(({ tookMs }) => tookMs);
    if (disk.delayMs === null || disk.delayMs === 0) readyMs = quantile(took, 0.5);
    console.log(row(disk, seen, readyMs));
  }
  for (const door of traffic.doors) await door.stop();
}

async function prepareTraffic(): Promise<Traffic & { doors: Door[] }> {
  const client = appliance.client();
  const { siteId, payers } = await prepare({
    root: ROOT,
    folder,
    api: appliance.api,
    client,
    people: PEOPLE,
    terminals: 0,
    journal: createJournal(join(folder, 'journal.ndjson')),
  });
  const doors: Door[] = [];
  for (let index = 0; index < DOORS; index += 1)
    doors.push(await claimDoor(ROOT, folder, { client, siteId, name: `door-${index}` }));
  const personSeeds = payers.map(({ seed }) => seed);
  return { client, doors, personSeeds, siteId, readPath: `/v1/people/${payers[0]?.id}` };
}

function row(disk: Disk, seen: Seen, readyMs: number): string {
  const took = seen.asks.map(({ tookMs }) => tookMs);
  const approved = seen.asks.filter(({ decision }) => decision === 'approved').length;
  const { p50Ms, p99Ms, maxMs } = seen.eventLoop;
  const cells = [
    disk.name,
    pair(took),
    reckoned(disk, seen, readyMs),
    pair(seen.readsMs),
    pair(seen.writesMs),
    [p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1)).join(' / '),
    commitRate(disk, seen),
    `${took.length}, ${approved}${seen.failures > 0 ? `, ${seen.failures} calls failed` : ''}`,
    (loadavg()[0] ?? 0).toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}

function pair(ms: readonly number[]): string {
  return `${quantile(ms, 0.5).toFixed(1)} / ${quantile(ms, 0.99).toFixed(1)}`;
}

function reckoned(disk: Disk, seen: Seen, readyMs: number): string {
  const pieces = piecesIn(disk, seen);
  return pieces === null ? '' : pair(reckonWorker(seen.asks, pieces, readyMs));
}

function commitRate(disk: Disk, seen: Seen): string {
  const pieces = piecesIn(disk, seen);
  if (pieces === null) return '';
  const checkpoints = pieces.filter(({ isCheckpoint }) => isCheckpoint).length;
  const perSecond = (pieces.length * 1_000) / (seen.toMs - seen.fromMs);
  return `${perSecond.toFixed(0)}, ${checkpoints}`;
}

function piecesIn({ delayMs }: Disk, { fromMs, toMs }: Seen): Piece[] | null {
  if (delayMs === null) return null;
  const log = readFileSync(syncLog(folder, delayMs), 'utf8');
  const pieces = piecesOf(readSyncs(log, delayMs));
  return pieces.filter(({ startMs }) => startMs >= fromMs && startMs < toMs);
}
