// `sallyport preflight`: runs the checks for an appliance.yaml and says each finding. Changes nothing.

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { ConfigError, environment } from '../../config/load.ts';
import { readApplianceFile } from '../appliance-file/read.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { preflightContext } from '../preflight/context-of.ts';
import {
  type PreflightResult,
  realPreflightHost,
  refuseSelection,
  runPreflight,
} from '../preflight/index.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

interface Options {
  file: string;
  json: boolean;
  only: string[];
  skip: string[];
}

export function addPreflightCommand(program: Command): void {
  program
    .command('preflight')
    .description('Check this machine before anything is installed. Exit code 3: a check failed.')
    .option('--file <file>', 'the appliance.yaml', 'appliance.yaml')
    .option('--json', 'print one JSON object', false)
    .option('--only <id>', 'this check alone; may be given again', collect, [])
    .option('--skip <id>', 'not this one, if its severity is warn; may be given again', collect, [])
    .action(async (options: Options) => {
      process.exitCode = await preflight(options);
    });
}

function collect(id: string, before: string[]): string[] {
  return [...before, id];
}

async function preflight({ file, json, only, skip }: Options): Promise<number> {
  const refusal = refuseSelection({ only, skip });
  if (refusal !== null) return badInput(refusal);
  const appliance = readOrRefuse(file);
  if (typeof appliance === 'string') return badInput(appliance);
  const report = await runPreflight({
    ...preflightContext(appliance, ROOT),
    host: realPreflightHost(environment()),
    only,
    skip,
    ...(json ? {} : { onResult: (result) => process.stdout.write(line(result)) }),
  });
  const count = (outcome: string): number =>
    report.results.filter((result) => result.outcome === outcome).length;
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    const words = `${count('pass')} right, ${count('fail')} not, ${count('skip')} do not arise here`;
    process.stdout.write(`${report.ok ? 'Nothing stands in the way' : 'Not yet'}: ${words}.\n`);
  }
  return report.ok ? EXIT_CODES.done.code : EXIT_CODES.preflight.code;
}

function readOrRefuse(file: string): ReturnType<typeof readApplianceFile> | string {
  try {
    return readApplianceFile(file);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

function badInput(message: string): number {
  process.stderr.write(`${message}\n`);
  return EXIT_CODES.badInput.code;
}

const MARKS = { pass: 'ok  ', skip: '–   ' } as const;

function line({ id, outcome, severity, found, remedy, doc }: PreflightResult): string {
  const mark = outcome === 'fail' ? severity : MARKS[outcome];
  const mend = remedy === '' ? '' : `\n       ${remedy} (${doc})`;
  return `${mark} ${id}: ${found}${mend}\n`;
}
