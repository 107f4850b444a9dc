// What an apply would do: each step with whether it is done, and what differs. Only looks.

import type { Step, StepState } from './step.ts';

export interface PlannedStep extends StepState {
  name: string;
  says: string;
}

export async function planSteps(steps: readonly Step[]): Promise<readonly PlannedStep[]> {
  const planned: PlannedStep[] = [];
  for (const step of steps) {
    planned.push({ name: step.name, says: step.says, ...(await step.isDone()) });
  }
  return planned;
}
