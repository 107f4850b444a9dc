// SYNTHETIC. Writes people as lines for the bulk import: reference, name, consent and one template each.
//   node simulators/terminal/population.ts --count 10000 --seed 7 [--bad 12] [--out FILE]
// Person i of seed s is `population-s-i` before the camera. Persons 1, 201, 401 … are the twins of the one
// before them (`twin of population-s-0`, …). `--bad` plants rows that must be refused, spread evenly.

import { closeSync, openSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createCamera, type Camera } from './camera.ts';
import { TWIN_OF } from './face-model.ts';

export interface PopulationOptions {
  count: number;
  seed: number;
  /** How many of the rows are planted bad ones. */
  bad: number;
}

const TWIN_EVERY = 200;
const GIVEN_AT = '2026-11-01T08:00:00Z';

/** What stands before the camera as person i. */
export function personSeedOf(seed: number, index: number): string {
  const isTwin = index % TWIN_EVERY === 1;
  return isTwin ? `${TWIN_OF}population-${seed}-${index - 1}` : `population-${seed}-${index}`;
}

export function* populationLines({ count, seed, bad }: PopulationOptions): Generator<string> {
  const camera = createCamera({ seed: `population-${seed}` });
  const every = bad > 0 ? Math.floor(count / bad) : 0;
  let planted = 0;
  for (let index = 0; index < count; index += 1) {
    const row = rowOf(camera, seed, index);
    const isBad = every > 0 && planted < bad && index % every === every - 1;
    yield isBad ? spoil(row, planted) : JSON.stringify(row);
    if (isBad) planted += 1;
  }
}

interface Row {
  external_ref: string;
  display_name: string;
  consent: Record<string, string>;
  templates: Record<string, unknown>[];
}

function rowOf(camera: Camera, seed: number, index: number): Row {
  const personSeed = personSeedOf(seed, index);
  return {
    external_ref: `pop-${seed}-${String(index).padStart(6, '0')}`,
    display_name: nameOf(index),
    consent: {
      purpose: 'biometric_identification',
      text_version: '2026-11/en',
      method: 'signature',
      given_at: GIVEN_AT,
    },
    templates: [{ ...camera.capture(personSeed, { purpose: 'enrolment' }) }],
  };
}

const GIVEN = [
  'Ada',
  'Bo',
  'Cleo',
  'Dara',
  'Eli',
  'Fen',
  'Gus',
  'Hana',
  'Ivo',
  'Jun',
  'Kim',
  'Lou',
];
const FAMILY = [
  'Adler',
  'Berg',
  'Castro',
  'Dahl',
  'Egan',
  'Fuchs',
  'Grau',
  'Holm',
  'Ivers',
  'Jonas',
];

function nameOf(index: number): string {
  const given = GIVEN[index % GIVEN.length] ?? '';
  const family = FAMILY[Math.floor(index / GIVEN.length) % FAMILY.length] ?? '';
  return `${given} ${family} ${index}`;
}

/** One way to be wrong after another; each must get an error that names its field. */
const SPOILERS: readonly ((row: Row) => string)[] = [
  (row) => JSON.stringify(row).slice(0, -20),
  (row) => JSON.stringify({ ...row, external_ref: '' }),
  (row) => JSON.stringify({ ...row, display_name: undefined }),
  (row) => JSON.stringify({ ...row, consent: { ...row.consent, purpose: 'payment' } }),
  (row) =>
    JSON.stringify({ ...row, consent: { ...row.consent, given_at: '2999-01-01T00:00:00Z' } }),
  (row) => JSON.stringify({ ...row, consent: undefined }),
  (row) => JSON.stringify({ ...row, templates: [{ ...row.templates[0], quality: 12 }] }),
  (row) => JSON.stringify({ ...row, templates: [{ ...row.templates[0], vector: 'AAAA' }] }),
  (row) => JSON.stringify({ ...row, templates: [{ ...row.templates[0], extractor: 'other/9' }] }),
  (row) => JSON.stringify({ ...row, nickname: 'unknown field' }),
  (row) => JSON.stringify({ ...row, node_id: 'nod_00000000000000000000000000' }),
  () => '[]',
];

function spoil(row: Row, planted: number): string {
  const spoiler = SPOILERS[planted % SPOILERS.length];
  return spoiler === undefined ? '' : spoiler(row);
}

function main(): void {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      bad: { type: 'string', default: '0' },
      out: { type: 'string' },
    },
  });
  const options = {
    count: wholeNumber('--count', values.count, 10_000_000),
    seed: wholeNumber('--seed', values.seed, 4_294_967_295),
    bad: wholeNumber('--bad', values.bad, 10_000_000),
  };
  const out = values.out === undefined ? 1 : openSync(values.out, 'w', 0o600);
  let chunk = '';
  for (const line of populationLines(options)) {
    chunk += `${line}\n`;
    if (chunk.length > 1_000_000) {
      writeAll(out, chunk);
      chunk = '';
    }
  }
  writeAll(out, chunk);
  if (out !== 1) closeSync(out);
}

/** A pipe may take less than it is given. */
function writeAll(out: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(out, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (text === '' || !Number.isInteger(value) || value < 0 || value > max) {
    throw new Error(
      `${name}: expected a whole number from 0 to ${max}, found ${JSON.stringify(text)}.`,
    );
  }
  return value;
}

if (import.meta.main) main();
