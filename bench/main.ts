// `npm run bench -- [--quick | --smoke] [--only NAME]… [--json FILE]`: measures the product beside bare peers
// that do the least that could do the same, in alternating rounds. Ends with 1 when a measure could not be
// held; a missed aim is a finding, not a failure. Needs Linux.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { killAll } from '../scripts/chaos/child.ts';
import { readArguments } from './arguments.ts';
import { type Result, SIZES } from './measure.ts';
import { MEASURES } from './measures/all.ts';
import { benchPage } from './page/page.ts';
import { removeFilled } from './subject/filled.ts';
import { describeResult, machineOf, rowOf } from './report.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const OUT = join(ROOT, 'bench/out');

const options = readArguments(
  process.argv.slice(2),
  MEASURES.map(({ name }) => name),
);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    killAll();
    removeFilled();
    process.exit(1);
  });

const size = SIZES[options.size];
const machine = machineOf(size.name);
console.log(`${machine.cpu}, ${machine.cpus} CPUs, Node ${machine.node}, ${size.name} size\n`);
const results: Result[] = [];
for (const measure of MEASURES) {
  if (options.only.length > 0 && !options.only.includes(measure.name)) continue;
  const startedAt = performance.now();
  console.log(`${measure.name}: ${measure.about}`);
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  try {
    const log = (line: string): void => console.log(line);
    const found = await measure.run({ root: ROOT, folder, size, log });
    for (const result of found) console.log(describeResult(result));
    results.push(...found);
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    console.error(`${measure.name} could not be held (see ${folder}):`, error);
    process.exitCode = 1;
  }
  console.log(`  took ${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`);
}
killAll();
removeFilled();
write(results);
process.exit();

function write(found: readonly Result[]): void {
  mkdirSync(OUT, { recursive: true });
  const page = join(OUT, 'bench.html');
  writeFileSync(page, benchPage(machine, found));
  const file = options.json ?? join(OUT, 'bench.json');
  mkdirSync(dirname(file), { recursive: true });
  const details = found.map(({ measure, spread, costs, note }) => ({
    measure,
    spread,
    costs,
    note,
  }));
  writeFileSync(file, `${JSON.stringify({ machine, rows: found.map(rowOf), details }, null, 2)}\n`);
  const missed = found.filter(({ met }) => met === false).map(({ measure }) => measure);
  console.log(`${found.length} rows, ${missed.length} aims missed: ${file}, ${page}`);
  for (const measure of missed) console.log(`  missed: ${measure}`);
}
