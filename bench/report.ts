// A result in words, and the machine it was found on.

import { cpus, loadavg, totalmem } from 'node:os';
import type { Result, Row, Size } from './measure.ts';
import type { Spread } from './rounds.ts';

export interface Machine {
  date: string;
  size: Size['name'];
  cpu: string;
  cpus: number;
  memoryGib: number;
  node: string;
  /** Of the last minute, before anything was measured. */
  load: number;
}

export function machineOf(size: Size['name']): Machine {
  return {
    date: new Date().toISOString(),
    size,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    load: loadavg()[0] ?? 0,
  };
}

export function rowOf(result: Result): Row {
  const { measure, ours, peer, peerName, ratio, aim, met, unit } = result;
  return { measure, ours, peer, peerName, ratio, aim, met, unit };
}

export function describeResult(result: Result): string {
  const { spread, unit, peerName, aim, met, costs } = result;
  const word = met === null ? '    ' : met ? 'ok  ' : 'MISS';
  const peer = spread.peer === null ? '' : `; ${peerName} ${span(spread.peer)}`;
  const ratio = spread.ratio === null ? '' : `; ratio ${span(spread.ratio)}`;
  const lines = [
    `${word} ${result.measure}: ${span(spread.ours)} ${unit}${peer}${ratio} (aim: ${aim})`,
  ];
  return [...lines, ...costs.map((cost) => `       ${cost}`)].join('\n');
}

function span({ median, min, max }: Spread): string {
  return `${short(median)} (${short(min)}–${short(max)})`;
}

export function short(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}
