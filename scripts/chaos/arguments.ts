// What a rehearsal is told on the command line. Anything it does not understand is refused by name.

import { parseArgs } from 'node:util';
import { KILLS_MIN } from './plan.ts';

export const PLANTS = ['ack-before-commit', 'new-key-per-retry', 'blind-replay'] as const;
export type Plant = (typeof PLANTS)[number];

export interface ChaosArguments {
  kills: number;
  seed: number;
  database: 'sqlite' | 'postgres';
  /** A bug built in on purpose: the rehearsal must then fail. */
  plant: Plant | null;
  keep: boolean;
}

export const USAGE = `usage: npm run chaos -- [--kills N] [--seed N] [--database sqlite|postgres] [--keep]
  [--plant ${PLANTS.join('|')}]
  --kills     how many times something is killed, from ${KILLS_MIN} to 1000; default 50
  --seed      repeats the plan of an earlier rehearsal; drawn and printed when not given
  --keep      leaves the folder with data and logs behind, also when everything held
  --plant     builds a bug in; the rehearsal must then find it and fail`;

const SEED_MAX = 4_294_967_295;
const KILLS_MAX = 1_000;

export function readArguments(argv: readonly string[]): ChaosArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      kills: { type: 'string', default: '50' },
      seed: { type: 'string' },
      database: { type: 'string', default: 'sqlite' },
      plant: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const { database, plant = null } = values;
  if (database !== 'sqlite' && database !== 'postgres') {
    throw new Error(`--database: expected sqlite or postgres, found ${database}.`);
  }
  if (plant !== null && !PLANTS.includes(plant as Plant)) {
    throw new Error(`--plant: expected one of ${PLANTS.join(', ')}, found ${plant}.`);
  }
  return {
    // A planted bug may show before every window was hit.
    kills: integer('--kills', values.kills, {
      min: plant === null ? KILLS_MIN : 1,
      max: KILLS_MAX,
    }),
    seed: integer('--seed', values.seed ?? String(Math.floor(Math.random() * SEED_MAX)), {
      min: 0,
      max: SEED_MAX,
    }),
    database,
    plant: plant as Plant | null,
    keep: values.keep,
  };
}

function integer(flag: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new Error(`${flag}: expected an integer from ${min} to ${max}, found ${text}.`);
  }
  return value;
}
