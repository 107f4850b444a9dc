// Which checks a person may choose, leave out or overrule: known ones; of severity `warn` only to leave out, of
// severity `fail` only to overrule.

import { nearest } from '../../config/nearest.ts';
import { CHECKS } from './checks.ts';

/** @returns what is wrong with the choice, or null. */
export function refuseSelection(chosen: {
  only: readonly string[];
  skip: readonly string[];
  'accept-risk'?: readonly string[];
}): string | null {
  for (const [option, ids] of Object.entries(chosen)) {
    for (const id of ids) {
      const check = CHECKS.find((known) => known.id === id);
      if (check === undefined) return unknownId(option, id);
      if (option === 'skip' && check.severity === 'fail') {
        return `--skip ${id}: expected a check of severity warn, found one of severity fail, which cannot be left out`;
      }
      if (option === 'accept-risk' && check.severity === 'warn') {
        return `--accept-risk ${id}: expected a check of severity fail, found one of severity warn, which stops nothing`;
      }
    }
  }
  return null;
}

function unknownId(option: string, id: string): string {
  const near = nearest(
    id,
    CHECKS.map((check) => check.id),
  );
  const hint = near === null ? '' : `; did you mean ${near}?`;
  return `--${option} ${id}: expected the id of a check (docs/preflight.md lists them), found an unknown one${hint}`;
}
