// What the baked compile cache is worth: processor time and time of a first start until it serves, with and without,
// in turns. Processor time is compared, because the machine's other work does not count in it.

import { afterEach, expect, test } from '@jest/globals';
import { type Container, removeContainers, startContainer } from './container.ts';

afterEach(removeContainers);

const ROUNDS = 3;
/** Of clock ticks in /proc/PID/stat. */
const TICK_MS = 10;

interface Start {
  cpuMs: number;
  wallMs: number;
}

test('a start with the baked cache costs less than one without', async () => {
  const starts = { with: [] as Start[], without: [] as Start[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    starts.with.push(await measureStart({}));
    starts.without.push(await measureStart({ NODE_DISABLE_COMPILE_CACHE: '1' }));
  }
  const [cached, plain] = [median(starts.with), median(starts.without)];
  const describe = ({ cpuMs, wallMs }: Start) => `${cpuMs} ms of processor, ${wallMs} ms in all`;
  process.stderr.write(`start with the cache: ${describe(cached)}\n`);
  process.stderr.write(`start without it:     ${describe(plain)}\n`);
  expect(cached.cpuMs).toBeLessThan(plain.cpuMs * 0.85);
});

async function measureStart(env: Record<string, string>): Promise<Start> {
  const startedAt = performance.now();
  const container = await startContainer({ env });
  const wallMs = Math.round(performance.now() - startedAt);
  const cpuMs = ticksOfNode(container) * TICK_MS;
  removeContainers();
  return { cpuMs, wallMs };
}

/** utime and stime of PID 1's child. */
function ticksOfNode(container: Container): number {
  const script = 'read -r pid rest </proc/1/task/1/children; cat /proc/$pid/stat';
  const { output } = container.exec('sh', '-c', script);
  const fields = output.slice(output.indexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function median(starts: readonly Start[]): Start {
  const middle = starts.toSorted((a, b) => a.cpuMs - b.cpuMs)[Math.floor(starts.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}
