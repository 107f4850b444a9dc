// `sallyport plan`: the steps `apply` would take, each done or to do. Changes nothing.

import type { Command } from 'commander';
import { readApplianceFile } from '../appliance-file/read.ts';
import { type PlannedStep, planSteps } from '../engine/plan.ts';
import { realHost } from '../host/real-host.ts';
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
      printPlan(await planSteps(runtime.steps), { json, target: runtime.target });
    });
}

export function printPlan(
  steps: readonly PlannedStep[],
  { json, target }: { json: boolean; target: string },
): void {
  const toDo = steps.filter((step) => !step.done).length;
  if (json) {
    process.stdout.write(`${JSON.stringify({ target, to_do: toDo, steps })}\n`);
    return;
  }
  for (const { done, name, says, found } of steps) {
    process.stdout.write(`${done ? 'done ' : 'to do'}  ${name}: ${says} (${found})\n`);
  }
  process.stdout.write(toDo === 0 ? 'Nothing to do.\n' : `${toDo} of ${steps.length} to do.\n`);
}
