// A result as one picture: the median of each side as a bar, the least and the most of its rounds as a line.

import type { Result } from '../measure.ts';
import { short } from '../report.ts';
import type { Spread } from '../rounds.ts';

const WIDTH = 640;
const BAR = 22;
const GAP = 8;
const LEFT = 60;
const RIGHT = 110;

export function chart({ spread, unit }: Result): string {
  const sides = [
    { name: 'ours', spread: spread.ours },
    ...(spread.peer === null ? [] : [{ name: 'peer', spread: spread.peer }]),
  ];
  const most = Math.max(...sides.map((side) => side.spread.max), Number.MIN_VALUE);
  const x = (value: number): number => LEFT + (value / most) * (WIDTH - LEFT - RIGHT);
  const bars = sides.map((side, index) => bar(side, { y: index * (BAR + GAP) + 2, x, unit }));
  const height = sides.length * (BAR + GAP);
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img">${bars.join('')}</svg>`;
}

function bar(
  { name, spread }: { name: string; spread: Spread },
  { y, x, unit }: { y: number; x: (value: number) => number; unit: string },
): string {
  const middle = y + BAR / 2;
  const [from, to] = [x(spread.min), x(spread.max)];
  return (
    `<text x="0" y="${middle + 4}">${name}</text>` +
    `<rect class="${name}" x="${LEFT}" y="${y}" width="${x(spread.median) - LEFT}" height="${BAR}"/>` +
    `<path d="M${from} ${middle}H${to}M${from} ${middle - 5}v10M${to} ${middle - 5}v10"/>` +
    `<text x="${Math.max(to, x(spread.median)) + 6}" y="${middle + 4}">${short(spread.median)} ${unit}</text>`
  );
}
