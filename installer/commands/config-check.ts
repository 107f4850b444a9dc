// `sallyport config check`: loads a configuration as the server would and prints what is wrong with it.

import {
  ConfigError,
  loadConfigWithWarnings,
  problemLine,
  type ConfigProblem,
  type ConfigSources,
} from '../../config/load.ts';

const RIGHT = 0;
const REFUSED = 2;

/** @returns the exit code. */
export function checkConfig({ json, ...sources }: ConfigSources & { json: boolean }): number {
  const { problems, warnings, profile } = check(sources);
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

function check(sources: ConfigSources): Outcome {
  try {
    const { config, warnings } = loadConfigWithWarnings(sources);
    return { problems: [], warnings, profile: config.profile };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.problems, warnings: error.warnings, profile: '' };
  }
}
