// `sallyport config check`: loads a configuration as the server would, or an appliance.yaml as `plan` does, and
// prints what is wrong with it.

import {
  type Config,
  ConfigError,
  loadConfigWithWarnings,
  problemLine,
  type ConfigProblem,
  type ConfigSources,
} from '../../config/load.ts';
import { readApplianceFile } from '../appliance-file/read.ts';

const RIGHT = 0;
const REFUSED = 2;

/** @returns the exit code. */
export function checkConfig({
  json,
  appliance,
  ...sources
}: ConfigSources & { json: boolean; appliance?: string }): number {
  const { problems, warnings, profile } = check(() =>
    appliance === undefined ? loadConfigWithWarnings(sources) : readApplianceFile(appliance),
  );
  if (json) {
    process.stdout.write(`${JSON.stringify({ ok: problems.length === 0, problems, warnings })}\n`);
  } else {
    for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
    for (const problem of problems) process.stdout.write(`${problemLine(problem)}\n`);
    if (problems.length === 0) {
      process.stdout.write(`The configuration is right (profile ${profile}).\n`);
    }
  }
  return problems.length === 0 ? RIGHT : REFUSED;
}

interface Outcome {
  problems: readonly ConfigProblem[];
  warnings: readonly string[];
  profile: string;
}

function check(read: () => { config: Config; warnings: readonly string[] }): Outcome {
  try {
    const { config, warnings } = read();
    return { problems: [], warnings, profile: config.profile };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.problems, warnings: error.warnings, profile: '' };
  }
}
