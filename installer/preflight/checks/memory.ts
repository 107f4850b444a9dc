// Memory: enough for the gallery, and not on its way to a disk.

import { join } from 'node:path';
import { type Check, fail, ON_THIS_MACHINE, pass, type PreflightContext, skip } from '../check.ts';
import { formatBytes } from '../format-bytes.ts';
import type { PreflightHost } from '../host.ts';
import { sqliteFile } from '../on-machine.ts';

const MIB = 1024 * 1024;
/** Node, the server and its caches with an empty gallery, with room to breathe. */
const BASE_BYTES = 384 * MIB;
/** 2 KiB of numbers (512-d), as much again for the index, ids and a rebuild beside the old one. */
const TEMPLATE_BYTES = 5 * 1024;

export const MEMORY_CHECKS: readonly Check[] = [
  {
    id: 'memory-free',
    title: 'Enough memory is available for the server and its gallery',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'The gallery is searched in memory: about 5 KiB for each enrolled template above 384 MiB for the server. The limit of a control group counts too.',
    remedy: 'Give the machine (or the control group) more memory, or stop what uses it.',
    check: async (host, context) => {
      const available = await availableBytes(host);
      if (available === null) return skip('this system does not tell its available memory');
      const templates = await enrolledTemplates(host, context);
      const needed = BASE_BYTES + templates * TEMPLATE_BYTES;
      const found = `${formatBytes(available)} available, ${formatBytes(needed)} needed for ${templates} templates`;
      return available >= needed ? pass(found) : fail(found);
    },
  },
  {
    id: 'memory-swap',
    title: 'Memory is not swapped to a plain disk',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'Open templates and keys are only ever in memory. Swapped out to an unencrypted disk they stay there after the power is off, and a search of a gallery on swap misses every deadline.',
    remedy: 'Switch swap off (swapoff -a and /etc/fstab), or use zram or encrypted swap.',
    check: async (host) => {
      const text = await host.readText('/proc/swaps');
      if (text === null) return skip('this system does not tell its swap');
      const plain = text
        .split('\n')
        .slice(1)
        .map((line) => line.split(/\s+/)[0] ?? '')
        .filter((device) => device !== '' && !/\/(?:zram\d|dm-\d|mapper\/)/.test(device));
      return plain.length === 0
        ? pass('no swap on a plain disk')
        : fail(`swap on ${plain.join(', ')}`);
    },
  },
  {
    id: 'memory-overcommit',
    title: 'The kernel lets Node reserve address space',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'With vm.overcommit_memory=2 the kernel counts reserved space as used, and Node reserves gigabytes that it never touches.',
    remedy: 'Set vm.overcommit_memory to 0 (sysctl), or raise vm.overcommit_ratio.',
    check: async (host) => {
      const text = await host.readText('/proc/sys/vm/overcommit_memory');
      if (text === null) return skip('this system has no such setting');
      const found = `vm.overcommit_memory is ${text.trim()}`;
      return text.trim() === '2' ? fail(found) : pass(found);
    },
  },
];

async function availableBytes(host: PreflightHost): Promise<number | null> {
  const meminfo = await host.readText('/proc/meminfo');
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo ?? '')?.[1];
  if (kib === undefined) return null;
  const group = await groupRoom(host);
  return Math.min(Number(kib) * 1024, group ?? Number.POSITIVE_INFINITY);
}

/** What the control group we are in (version 2) still allows. */
async function groupRoom(host: PreflightHost): Promise<number | null> {
  const own = /^0::(.+)$/m.exec((await host.readText('/proc/self/cgroup')) ?? '')?.[1];
  if (own === undefined) return null;
  const folder = join('/sys/fs/cgroup', own);
  const max = Number((await host.readText(join(folder, 'memory.max'))) ?? Number.NaN);
  const current = Number((await host.readText(join(folder, 'memory.current'))) ?? Number.NaN);
  return Number.isFinite(max) && Number.isFinite(current) ? max - current : null;
}

/** Of an installation that is there already, on SQLite; another one starts empty. */
async function enrolledTemplates(host: PreflightHost, context: PreflightContext): Promise<number> {
  const file = sqliteFile(context);
  if (file === null || (await host.stat(file)) === null) return 0;
  const found = await host.sqlite(file);
  return found.ok ? found.templates : 0;
}
