// `sallyport apply`: brings the machine to what appliance.yaml and the release say. Until the preflight has
// passed nothing is touched. Progress is told on standard error, or as lines of JSON on standard output.

import type { Command } from 'commander';
import { type ApplianceFile, readApplianceFile } from '../appliance-file/read.ts';
import { undertake } from '../engine/apply.ts';
import type { AcceptedRisk } from '../engine/journal.ts';
import { planSteps } from '../engine/plan.ts';
import { ExitError } from '../exit-codes.ts';
import { realHost } from '../host/real-host.ts';
import { environment } from '../../config/load.ts';
import { preflightContext } from '../preflight/context-of.ts';
import { realPreflightHost, refuseSelection, runPreflight } from '../preflight/index.ts';
import { createRuntime } from '../runtimes/create-runtime.ts';
import {
  dryRunOption,
  fileOption,
  jsonOption,
  releaseOption,
  type ReleaseOptions,
  soakOption,
  startLimitOption,
} from './options.ts';
import { printPlan } from './plan.ts';
import { tellProgress } from './progress.ts';

interface ApplyOptions extends ReleaseOptions {
  dryRun: boolean;
  soakMs: number;
  startLimitMs: number;
  skip: string[];
  acceptRisk: string[];
}

export function addApplyCommand(program: Command): void {
  program
    .command('apply')
    .description('install, upgrade or change the appliance; done again it changes nothing')
    .addOption(fileOption())
    .addOption(releaseOption())
    .addOption(soakOption())
    .addOption(startLimitOption())
    .addOption(dryRunOption())
    .addOption(jsonOption())
    .option('--skip <id>', 'not this preflight check, if its severity is warn; again', collect, [])
    .option(
      '--accept-risk <id>',
      'go on although this preflight check of severity fail failed; said, and kept in the journal; again',
      collect,
      [],
    )
    .action(apply);
}

function collect(id: string, before: string[]): string[] {
  return [...before, id];
}

async function apply(options: ApplyOptions): Promise<void> {
  const { file, release, json, soakMs, startLimitMs, skip, acceptRisk } = options;
  const refusal = refuseSelection({ only: [], skip, 'accept-risk': acceptRisk });
  if (refusal !== null) throw new ExitError('badInput', refusal);
  const host = realHost();
  const appliance = readApplianceFile(file);
  for (const warning of appliance.warnings) process.stderr.write(`warning: ${warning}\n`);
  const runtime = await createRuntime(host, appliance, {
    releaseDir: release,
    soakMs,
    startLimitMs,
  });
  const plan = await planSteps(runtime.steps);
  if (options.dryRun) {
    printPlan(plan, { json, target: runtime.target, change: runtime.change });
    return;
  }
  const hasWork = plan.some((step) => !step.done);
  const risks = hasWork ? await requirePreflight(appliance, options) : [];
  const startedAtMs = host.clock.nowMs();
  const outcome = await undertake(host, {
    verb: 'apply',
    target: runtime.target,
    steps: runtime.steps,
    stateDir: runtime.stateDir,
    settle: runtime.settle,
    canGoBack: true,
    onEvent: tellProgress(json),
    risks,
  });
  const ms = host.clock.nowMs() - startedAtMs;
  const seconds = (ms / 1000).toFixed(1);
  process.stdout.write(
    json
      ? `${JSON.stringify({ event: 'end', outcome, target: runtime.target, ms })}\n`
      : outcome === 'done'
        ? `${runtime.target} is applied, in ${seconds} s.\n`
        : 'Nothing to do.\n',
  );
}

/** @returns what was overruled. */
async function requirePreflight(
  appliance: ApplianceFile,
  { release, skip, acceptRisk }: ApplyOptions,
): Promise<AcceptedRisk[]> {
  const { ok, results, accepted } = await runPreflight({
    ...preflightContext(appliance, release),
    host: realPreflightHost(environment()),
    skip,
    acceptRisk,
  });
  for (const { id, severity, outcome, found, remedy } of results) {
    if (outcome !== 'fail') continue;
    process.stderr.write(`preflight ${severity} ${id}: ${found}. ${remedy}\n`);
  }
  if (!ok) {
    throw new ExitError(
      'preflight',
      'The preflight found what stands in the way; nothing was touched. `--accept-risk ID` overrules a check, and is kept in the journal.',
    );
  }
  for (const { id } of accepted) {
    process.stderr.write(`RISK ACCEPTED: ${id} failed and is overruled by --accept-risk ${id}\n`);
  }
  return accepted.map(({ id, found }) => ({ check: id, found }));
}
