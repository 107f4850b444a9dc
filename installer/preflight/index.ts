// Runs the preflight checks of a runtime and reports every one of them. Nothing on the machine changes.
// A check that throws has failed: what could not be looked at is not known to be right.

import { CHECKS } from './checks.ts';
import type { Check, Outcome, PreflightContext, Severity } from './check.ts';
import type { PreflightHost } from './host.ts';

export { CHECKS } from './checks.ts';
export type { PreflightContext, PreflightTarget, Runtime } from './check.ts';
export type { PreflightHost } from './host.ts';
export { realPreflightHost } from './real-host.ts';
export { refuseSelection } from './selection.ts';

export interface PreflightResult {
  id: string;
  title: string;
  severity: Severity;
  outcome: Outcome;
  found: string;
  /** Empty unless it failed. */
  remedy: string;
  /** A page and an anchor on it. */
  doc: string;
}

export interface PreflightReport {
  /** No check of severity `fail` failed, but for accepted ones. */
  ok: boolean;
  results: readonly PreflightResult[];
  /** Checks that failed and would stop an install, had somebody not taken the risk. */
  accepted: readonly PreflightResult[];
}

export interface PreflightRun extends PreflightContext {
  host: PreflightHost;
  /** These alone; all of the runtime's when left out. */
  only?: readonly string[];
  /** Not these; only those of severity `warn` may be named. */
  skip?: readonly string[];
  /** These may fail all the same; only those of severity `fail` may be named. They are asked and reported. */
  acceptRisk?: readonly string[];
  /** Told of each result as it comes. */
  onResult?: (result: PreflightResult) => void;
}

export async function runPreflight(run: PreflightRun): Promise<PreflightReport> {
  const { only, skip, acceptRisk, onResult } = run;
  const results: PreflightResult[] = [];
  for (const check of CHECKS) {
    if (!check.runtimes.includes(run.target.runtime)) continue;
    if (only !== undefined && only.length > 0 && !only.includes(check.id)) continue;
    if (skip?.includes(check.id) === true && check.severity === 'warn') continue;
    const result = await runCheck(check, run);
    results.push(result);
    onResult?.(result);
  }
  const stops = results.filter(
    ({ outcome, severity }) => outcome === 'fail' && severity === 'fail',
  );
  const accepted = stops.filter(({ id }) => acceptRisk?.includes(id) === true);
  return { ok: accepted.length === stops.length, results, accepted };
}

async function runCheck(
  check: Check,
  { host, ...context }: PreflightRun,
): Promise<PreflightResult> {
  const { id, title, severity } = check;
  const finding = await check.check(host, context).catch((error: unknown) => ({
    outcome: 'fail' as const,
    found: `the check itself did not get through: ${error instanceof Error ? error.message : String(error)}`,
    remedy: '',
  }));
  const remedy = finding.outcome === 'fail' ? finding.remedy || check.remedy : '';
  return {
    id,
    title,
    severity,
    outcome: finding.outcome,
    found: finding.found,
    remedy,
    doc: `docs/preflight.md#${id}`,
  };
}
