// `sallyport apply`: brings the machine to what appliance.yaml and the release say. Until the preflight has
// passed nothing is touched. Progress is told on standard error, or as lines of JSON on standard output.

import type { Command } from 'commander';
import { type ApplianceFile, readApplianceFile } from '../appliance-file/read.ts';
import { undertake } from '../engine/apply.ts';
import { planSteps } from '../engine/plan.ts';
import { ExitError } from '../exit-codes.ts';
import { realHost } from '../host/real-host.ts';
import { environment } from '../../config/load.ts';
import { preflightContext } from '../preflight/context-of.ts';
import { realPreflightHost, runPreflight } from '../preflight/index.ts';
import { createRuntime } from '../runtimes/create-runtime.ts';
import {
  dryRunOption,
  fileOption,
  jsonOption,
  releaseOption,
  type ReleaseOptions,
  soakOption,
} from './options.ts';
import { printPlan } from './plan.ts';
import { tellProgress } from './progress.ts';

interface ApplyOptions extends ReleaseOptions {
  dryRun: boolean;
  soakMs: number;
  preflight: boolean;
}

export function addApplyCommand(program: Command): void {
  program
    .command('apply')
    .description('install, upgrade or change the appliance; done again it changes nothing')
    .addOption(fileOption())
    .addOption(releaseOption())
    .addOption(soakOption())
    .addOption(dryRunOption())
    .addOption(jsonOption())
    .option('--no-preflight', 'leave the preflight checks out')
    .action(apply);
}

async function apply(options: ApplyOptions): Promise<void> {
  const { file, release, json, soakMs } = options;
  const host = realHost();
  const appliance = readApplianceFile(file);
  for (const warning of appliance.warnings) process.stderr.write(`warning: ${warning}\n`);
  const runtime = await createRuntime(host, appliance, { releaseDir: release, soakMs });
  const plan = await planSteps(runtime.steps);
  if (options.dryRun) {
    printPlan(plan, { json, target: runtime.target });
    return;
  }
  const hasWork = plan.some((step) => !step.done);
  if (options.preflight && hasWork) await requirePreflight(appliance, release);
  const startedAtMs = host.clock.nowMs();
  const outcome = await undertake(host, {
    verb: 'apply',
    target: runtime.target,
    steps: runtime.steps,
    stateDir: runtime.stateDir,
    settle: runtime.settle,
    canGoBack: true,
    onEvent: tellProgress(json),
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

async function requirePreflight(appliance: ApplianceFile, release: string): Promise<void> {
  const { ok, results } = await runPreflight({
    ...preflightContext(appliance, release),
    host: realPreflightHost(environment()),
  });
  for (const { id, severity, outcome, found, remedy } of results) {
    if (outcome !== 'fail') continue;
    process.stderr.write(`preflight ${severity} ${id}: ${found}. ${remedy}\n`);
  }
  if (!ok) {
    throw new ExitError(
      'preflight',
      'The preflight found what stands in the way; nothing was touched.',
    );
  }
}
