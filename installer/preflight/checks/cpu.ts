// Processors.

import { type Check, fail, ON_THIS_MACHINE, pass, skip } from '../check.ts';

const CORES_MIN = 2;
const LOAD_PER_CORE_MAX = 2;

export const CPU_CHECKS: readonly Check[] = [
  {
    id: 'cpu-cores',
    title: 'There are at least two processor cores',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'The gallery is searched in a thread beside the one that serves. On one core a search holds up every request.',
    remedy: `Give the machine at least ${CORES_MIN} cores.`,
    check: async (host) => {
      const { cpus } = host.machine();
      const found = cpus === 1 ? '1 core' : `${cpus} cores`;
      return cpus >= CORES_MIN ? pass(found) : fail(found);
    },
  },
  {
    id: 'cpu-load',
    title: 'The machine is not busy already',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'A decision has to be at the door before its deadline. On a machine that is already waiting for processors it will not be.',
    remedy: 'Move other work off this machine, or give it more cores.',
    check: async (host) => {
      const text = await host.readText('/proc/loadavg');
      const load = Number(text?.split(' ')[1] ?? Number.NaN);
      if (Number.isNaN(load)) return skip('this system does not tell its load');
      const { cpus } = host.machine();
      const found = `a load of ${load} over five minutes on ${cpus} cores`;
      return load <= cpus * LOAD_PER_CORE_MAX ? pass(found) : fail(found);
    },
  },
];
