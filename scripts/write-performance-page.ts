// `node scripts/write-performance-page.ts [FILE]`: writes the table of docs/performance.md from what
// `npm run bench -- --json FILE` found (bench/out/quick.json by default). The text around it is left alone.

import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

interface Row {
  measure: string;
  ours: number;
  peer: number | null;
  peerName: string | null;
  ratio: number | null;
  aim: string;
  met: boolean | null;
  unit: string;
}

interface Run {
  machine: {
    date: string;
    size: string;
    cpu: string;
    cpus: number;
    memoryGib: number;
    node: string;
    load: number;
  };
  rows: Row[];
  details: { measure: string; costs: string[]; note: string; spread: { ratio: Spread | null } }[];
}

interface Spread {
  min: number;
  max: number;
}

const ROOT = join(import.meta.dirname, '..');
const PAGE = join(ROOT, 'docs/performance.md');
const BEGIN = '<!-- generated: figures -->';
const END = '<!-- end: figures -->';

const file = resolve(process.argv[2] ?? join(ROOT, 'bench/out/quick.json'));
const run = JSON.parse(readFileSync(file, 'utf8')) as Run;
const page = readFileSync(PAGE, 'utf8');
const [before, rest] = page.split(BEGIN);
const after = rest?.split(END)[1];
if (before === undefined || after === undefined)
  throw new Error(`${PAGE}: expected ${BEGIN} and ${END}, found not both.`);
writeFileSync(PAGE, `${before}${BEGIN}\n\n${figures(run)}\n\n${END}${after}`);
console.log(`${PAGE}: ${run.rows.length} rows of ${run.machine.date}`);

function figures({ machine, rows, details }: Run): string {
  const { date, size, cpu, cpus, memoryGib, node, load } = machine;
  const found = `${date.slice(0, 10)}, \`${size}\` size: ${cpu}, ${cpus} CPUs, ${memoryGib} GiB, Node ${node}; load ${load.toFixed(1)} before it began.`;
  const costs = details.flatMap(({ measure, costs: each }) =>
    each.length === 0 ? [] : [`- **${measure}**`, ...each.map((cost) => `  - ${cost}`)],
  );
  return [
    found,
    '',
    '| Measure | Ours | Peer | Ratio (least–most) | Aim | |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.map((row) =>
      tableRow(
        row,
        details.find(({ measure }) => measure === row.measure),
      ),
    ),
    '',
    'What one operation costs:',
    '',
    ...costs,
  ].join('\n');
}

function tableRow(row: Row, detail: Run['details'][number] | undefined): string {
  const { measure, ours, peer, peerName, ratio, aim, met, unit } = row;
  const range = detail?.spread.ratio;
  const between =
    range === null || range === undefined ? '' : ` (${short(range.min)}–${short(range.max)})`;
  const cells = [
    measure,
    `${short(ours)} ${unit}`,
    peer === null ? '–' : `${short(peer)}: ${peerName}`,
    ratio === null ? '–' : `${short(ratio)}${between}`,
    aim,
    met === null ? '' : met ? 'met' : '**missed**',
  ];
  return `| ${cells.join(' | ')} |`;
}

function short(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}
