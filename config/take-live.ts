// What of a newly read configuration takes effect while the server runs: the settings marked live. The
// others keep their value until a restart. Pure.

import { compareConfigs } from './compare.ts';
import type { ConfigProblem } from './problem.ts';
import { breachesOf } from './rules.ts';
import { SETTINGS, type Config } from './table.ts';

export interface Taken {
  /** What is in force from now on; the one before, the very same object, when nothing of it changed. */
  config: Config;
  /** Paths of the live settings that changed. */
  changed: readonly string[];
  /** Paths of the settings that are written differently than they are in force. */
  restartNeeded: readonly string[];
}

/** @returns the problems instead, when what would be in force breaks a rule between settings. */
export function takeLive(before: Config, wanted: Config): Taken | { problems: ConfigProblem[] } {
  const differing = compareConfigs(before, wanted).map(({ path }) => path);
  const changed = differing.filter((path) => SETTINGS.get(path)?.live === true);
  const restartNeeded = differing.filter((path) => !changed.includes(path));
  if (changed.length === 0) return { config: before, changed, restartNeeded };
  const config = changed.reduce((onto, path) => withValueOf(onto, wanted, path.split('.')), before);
  // Both whole configurations keep the rules; a mixture of them may not.
  const problems = breachesOf(config).map(({ path, expected, found }) => ({
    source: `a restart is needed (${restartNeeded.join(', ')})`,
    path,
    expected,
    found,
  }));
  return problems.length > 0 ? { problems } : { config, changed, restartNeeded };
}

/** A copy along the path; everything else is shared, and frozen as it was. */
function withValueOf<Group extends object>(
  onto: Group,
  from: Group,
  [name = '', ...rest]: readonly string[],
): Group {
  const [old, value] = [onto, from].map((group) => (group as Record<string, unknown>)[name]);
  const inner = rest.length === 0 ? value : withValueOf(old as object, value as object, rest);
  return Object.freeze({ ...onto, [name]: inner });
}
