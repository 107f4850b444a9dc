// The command line of the benches. What is wrong is said with what was expected, and nothing is measured.

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Size } from './measure.ts';

export interface BenchArguments {
  size: Size['name'];
  only: readonly string[];
  json: string | null;
}

export function readArguments(argv: readonly string[], names: readonly string[]): BenchArguments {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        quick: { type: 'boolean', default: false },
        smoke: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        json: { type: 'string' },
      },
    });
    for (const name of values.only) {
      if (!names.includes(name))
        throw new Error(
          `--only: expected one of ${names.join(', ')}; found ${JSON.stringify(name)}.`,
        );
    }
    return {
      size: values.smoke ? 'smoke' : values.quick ? 'quick' : 'full',
      only: values.only,
      json: values.json === undefined ? null : resolve(values.json),
    };
  } catch (error) {
    console.error(`${(error as Error).message}
usage: npm run bench -- [--quick | --smoke] [--only NAME]… [--json FILE]`);
    process.exit(2);
  }
}
