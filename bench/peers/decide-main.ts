// The peer of a decision: usearch's exact search called bare, then the very statements that ours ran in its
// transaction, with fresh ids, straight through better-sqlite3. No line, no thread, no rules.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type Sqlite from 'better-sqlite3';
import { exactSearch, MetricKind } from 'usearch';
import type { Statement } from '../counting/count-calls.ts';
import { DIMENSIONS, readMatrix } from '../subject/matrix-file.ts';
import { openSqlite } from './open-database.ts';

interface Configuration {
  address: { file: string };
  matrixFile: string;
  probesFile: string;
  /** Decisions of ours, one by one: what stands in one alone is new in each. */
  decisionsFile: string;
}

const config = JSON.parse(process.argv[2] ?? '{}') as Configuration;
const matrix = readMatrix(config.matrixFile);
const probes = readMatrix(config.probesFile);
const db = openSqlite(config.address.file);
const recorded = JSON.parse(readFileSync(config.decisionsFile, 'utf8')) as Statement[][];
const decisions = recorded.map((statements, index) => ({
  fresh: freshWords(recorded, index),
  statements: statements.map(({ text, params }) => ({ prepared: db.prepare(text), params })),
}));
const begin = db.prepare('begin immediate');
const commit = db.prepare('commit');
/** Begins where no other process of the same database will. */
let turn = Number(String(process.pid).slice(-4)) * 10_000;

createInterface({ input: process.stdin }).on('line', (line) => {
  const { count } = JSON.parse(line) as { count: number };
  const tookMs: number[] = [];
  for (let asked = 0; asked < count; asked += 1) {
    turn += 1;
    const decision = nextDecision();
    const from = performance.now();
    decide(decision);
    tookMs.push(performance.now() - from);
  }
  console.log(JSON.stringify({ tookMs }));
});
console.log(JSON.stringify({ ready: true }));
process.on('SIGTERM', () => process.exit(0));

type Bound = readonly { prepared: Sqlite.Statement; params: unknown }[];

/** One after another of the recorded ones, which are of different people. */
function nextDecision(): Bound {
  const decision = decisions[turn % decisions.length];
  if (decision === undefined) throw new Error('Expected recorded decisions, found none.');
  const suffix = String(turn).padStart(8, '0');
  return decision.statements.map(({ prepared, params }) => ({
    prepared,
    params: withFreshWords(params, { fresh: decision.fresh, suffix }),
  }));
}

function decide(statements: Bound): void {
  const at = (turn * DIMENSIONS) % probes.length;
  exactSearch(matrix, probes.slice(at, at + DIMENSIONS), DIMENSIONS, 2, MetricKind.IP, 1);
  begin.run();
  for (const { prepared, params } of statements) run(prepared, params);
  commit.run();
}

function run(prepared: Sqlite.Statement, params: unknown): void {
  const bound = params === null || params === undefined ? [] : [params];
  if (prepared.reader) prepared.all(...bound);
  else prepared.run(...bound);
}

function withFreshWords(
  params: unknown,
  { fresh, suffix }: { fresh: readonly string[]; suffix: string },
): unknown {
  if (typeof params !== 'object' || params === null) return params;
  const entries = Object.entries(params).map(([name, value]) => {
    if (typeof value !== 'string') return [name, value];
    let text = value;
    for (const word of fresh) text = text.replaceAll(word, `${word.slice(0, -8)}${suffix}`);
    return [name, text];
  });
  return Object.fromEntries(entries);
}

/** Ids and references that stand in this decision's parameters and in no other's. */
function freshWords(all: readonly Statement[][], index: number): string[] {
  const words = (of: readonly Statement[]): string[] =>
    JSON.stringify(of.map(({ params }) => params)).match(/[A-Za-z0-9_-]{16,}/g) ?? [];
  const others = new Set(all.flatMap((each, at) => (at === index ? [] : words(each))));
  return [...new Set(words(all[index] ?? []))].filter((word) => !others.has(word));
}
