// `node scripts/coverage.ts [raw folder]`: prints the coverage of the last `npm test`, all processes in one
// number, lists the weakest files, and fails below the minimum.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { measureCoverage, type Measured } from './coverage/measure.ts';
import { listProductFiles } from './coverage/product-files.ts';
import { coverageProblems, formatCoverage } from './coverage/report.ts';

const WEAKEST_SHOWN = 10;

const root = join(import.meta.dirname, '..');
const rawFolder = process.argv[2] ?? join(root, 'coverage/raw');
const measured = await measureCoverage(rawFolder, root, listProductFiles(root));
mkdirSync(join(root, 'coverage'), { recursive: true });
writeFileSync(join(root, 'coverage/coverage-final.json'), JSON.stringify(measured.map));
console.log(formatCoverage(measured));
console.log(`\nMost lines not run:\n${weakest(measured).join('\n')}`);

const problems = coverageProblems(measured.total);
for (const problem of problems) console.error(`coverage: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;

function weakest({ map }: Measured): string[] {
  return map
    .files()
    .map((file) => ({ file, lines: map.fileCoverageFor(file).toSummary().lines }))
    .toSorted((a, b) => b.lines.total - b.lines.covered - (a.lines.total - a.lines.covered))
    .slice(0, WEAKEST_SHOWN)
    .map(
      ({ file, lines }) =>
        `  ${String(lines.total - lines.covered).padStart(4)} of ${lines.total}  ${relative(root, file)}`,
    );
}
