// The disk below the data: room, inodes, and whether it keeps what it says it has written.

import { type Check, fail, type Finding, ON_THIS_MACHINE, pass, skip } from '../check.ts';
import type { PreflightContext } from '../check.ts';
import { formatBytes } from '../format-bytes.ts';
import type { PreflightHost } from '../host.ts';
import { nearestFolder } from '../nearest-folder.ts';

const GIB = 1024 ** 3;
/** A release, the database with its log, and a backup beside it. */
const FREE_BYTES_MIN = 2 * GIB;
const FREE_INODES_MIN = 20_000;
const USED_SHARE_MAX = 0.85;

const SYNCS = 12;
/**
 * The median above which a commit, which waits for it, is felt at the door. SQLite's own writer waits here:
 * docs/decisions/0011 measured p99 of a decision at 37 ms with flushes of 5 ms, promised are 30. With Postgres
 * only keys and files lie on this disk.
 */
const SYNC_SLOW_MS = { sqlite: 5, postgres: 50 } as const;
/** No medium answers faster: something between says "written" and has not. */
const SYNC_IMPLAUSIBLE_MS = 0.02;

export const DISK_CHECKS: readonly Check[] = [
  {
    id: 'disk-space',
    title: 'There is room for a release, the data and a backup',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'A database on a full disk refuses every write. An upgrade keeps the old release beside the new one.',
    remedy: 'Free space on that filesystem, or choose another home.',
    check: onDataDisk(async (host, folder) => {
      const { bytesFree } = await host.statfs(folder);
      const found = `${formatBytes(bytesFree)} free at ${folder}, ${formatBytes(FREE_BYTES_MIN)} needed`;
      return bytesFree >= FREE_BYTES_MIN ? pass(found) : fail(found);
    }),
  },
  {
    id: 'disk-inodes',
    title: 'There are inodes left',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'A release is some thousand files. A filesystem without inodes refuses them with room to spare.',
    remedy: 'Remove small files from that filesystem, or make it anew with more inodes.',
    check: onDataDisk(async (host, folder) => {
      const { inodesTotal, inodesFree } = await host.statfs(folder);
      if (inodesTotal === 0) return skip('this filesystem makes inodes as it needs them');
      const found = `${inodesFree} inodes free at ${folder}, ${FREE_INODES_MIN} needed`;
      return inodesFree >= FREE_INODES_MIN ? pass(found) : fail(found);
    }),
  },
  {
    id: 'disk-fullness',
    title: 'The disk is not nearly full',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'Events, audit and the outbox grow for days while the internet is away; a disk above 85 % has no room for that.',
    remedy: 'Free space on that filesystem or enlarge it.',
    check: onDataDisk(async (host, folder) => {
      const { bytesFree, bytesTotal } = await host.statfs(folder);
      const used = bytesTotal === 0 ? 0 : 1 - bytesFree / bytesTotal;
      const found = `${Math.round(used * 100)} % of ${formatBytes(bytesTotal)} used at ${folder}`;
      return used <= USED_SHARE_MAX ? pass(found) : fail(found);
    }),
  },
  {
    id: 'disk-sync-slow',
    title: 'The disk confirms a write quickly enough',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'Nothing is acknowledged before it is durable, so a decision waits for one fsync. It is measured: small appends, each with its own. On SQLite a decision stays within 30 ms (p99) where the disk flushes in 2 ms and no longer where it takes 5 (decision 11): above 5 ms everything works, correctly and late. With Postgres the database flushes elsewhere, and only 50 ms are too slow.',
    remedy:
      'Use a local SSD or NVMe, best with power-loss protection, for the data, or Postgres for the database.',
    check: onDataDisk(async (host, folder, { config }) => {
      const median = await medianSync(host, folder);
      const { kind } = config.database;
      const limit = SYNC_SLOW_MS[kind];
      const found = `median ${round(median)} ms of ${SYNCS} fsyncs at ${folder}, up to ${limit} ms expected with ${kind}`;
      return median <= limit ? pass(found) : fail(found);
    }),
  },
  {
    id: 'disk-sync-honest',
    title: 'The disk does not confirm before it has written',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'An fsync that takes no time was not one: a memory disk, a mount with barriers off, a virtual disk with an unsafe cache. What such a disk has confirmed is lost with the power, a payment among it.',
    remedy:
      'Switch the unsafe write cache off (virtual disk cache mode none or writethrough, no nobarrier mount option).',
    check: onDataDisk(async (host, folder) => {
      const median = await medianSync(host, folder);
      const found = `median ${round(median)} ms of ${SYNCS} fsyncs at ${folder}`;
      return median >= SYNC_IMPLAUSIBLE_MS ? pass(found) : fail(found);
    }),
  },
];

function onDataDisk(
  look: (host: PreflightHost, folder: string, context: PreflightContext) => Promise<Finding>,
) {
  return async (host: PreflightHost, context: PreflightContext): Promise<Finding> =>
    context.dataDir === null
      ? skip('the data does not lie on this machine')
      : look(host, await nearestFolder(host, context.dataDir), context);
}

async function medianSync(host: PreflightHost, folder: string): Promise<number> {
  const took = (await host.measureSync(folder, SYNCS)).toSorted((one, other) => one - other);
  return took[Math.floor(took.length / 2)] ?? 0;
}

function round(ms: number): string {
  return ms.toPrecision(2);
}
