// `sallyport plan`: the steps `apply` would take, each done or to do. Changes nothing.

import type { Command } from 'commander';
import { readApplianceFile } from '../appliance-file/read.ts';
import { type PlannedStep, planSteps } from '../engine/plan.ts';
import { realHost } from '../host/real-host.ts';
import type { Change } from '../runtimes/home/change.ts';
import { createRuntime } from '../runtimes/create-runtime.ts';
import { fileOption, jsonOption, NO_WAIT, releaseOption, type ReleaseOptions } from './options.ts';

export function addPlanCommand(program: Command): void {
  program
    .command('plan')
    .description('say what apply would do, step by step; changes nothing')
    .addOption(fileOption())
    .addOption(releaseOption())
    .addOption(jsonOption())
    .action(async ({ file, release, json }: ReleaseOptions) => {
      const appliance = readApplianceFile(file);
      const runtime = await createRuntime(realHost(), appliance, {
        releaseDir: release,
        ...NO_WAIT,
      });
      const { target, change } = runtime;
      printPlan(await planSteps(runtime.steps), { json, target, change });
    });
}

export function printPlan(
  steps: readonly PlannedStep[],
  { json, target, change }: { json: boolean; target: string; change: Change | null },
): void {
  const toDo = steps.filter((step) => !step.done).length;
  if (json) {
    process.stdout.write(`${JSON.stringify({ target, to_do: toDo, steps, change })}\n`);
    return;
  }
  for (const { done, name, says, found } of steps) {
    process.stdout.write(`${done ? 'done ' : 'to do'}  ${name}: ${says} (${found})\n`);
  }
  for (const { path, before, after, takes } of change?.settings ?? []) {
    const isHidden = before === null && after === null;
    const words = isHidden ? 'changed (secret)' : `${before ?? 'default'} → ${after ?? 'default'}`;
    process.stdout.write(`${takes.padEnd(8)}${path}: ${words}\n`);
  }
  if (change?.takes === 'restart') {
    process.stdout.write('The server is stopped and started again.\n');
  } else if (change?.takes === 'reload') {
    process.stdout.write('The server takes this over while it runs.\n');
  }
  process.stdout.write(toDo === 0 ? 'Nothing to do.\n' : `${toDo} of ${steps.length} to do.\n`);
}
