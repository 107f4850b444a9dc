// Takes an appliance away from this machine, and its data where that is meant. Only a folder with the journal
// of an install is touched, and in it only the names of the layout: what else lies there stays and is named.

import { join } from 'node:path';
import { requireInstall, type StepEvent, undertake } from '../engine/apply.ts';
import { type PlannedStep, planSteps } from '../engine/plan.ts';
import type { Step } from '../engine/step.ts';
import { ExitError } from '../exit-codes.ts';
import type { Host } from '../host/host.ts';
import { layoutOf, ownNames } from './home/layout.ts';
import { removePaths } from './home/remove-paths.ts';
import type { Runtime } from './runtime.ts';

export interface TakeAway {
  runtime: Runtime;
  /** Null where nothing lies on this machine (Helm). */
  home: string | null;
  deletesData: boolean;
}

export interface TakenAway {
  /** What stays below `home` because it is not ours. */
  foreign: readonly string[];
  homeStays: boolean;
}

/** Only looks. @throws ExitError `notInstalled`. */
export async function planTakeAway(
  host: Host,
  parts: TakeAway,
): Promise<TakenAway & { plan: readonly PlannedStep[] }> {
  const { runtime, home, deletesData } = parts;
  if (home !== null) await requireInstall(host, runtime.stateDir);
  const plan = await planSteps(stepsOf(host, parts));
  if (!deletesData && plan.every((step) => step.done)) {
    throw new ExitError('notInstalled', 'Nothing is installed.');
  }
  const foreign = home === null || !deletesData ? [] : await foreignIn(host, home);
  return { plan, foreign, homeStays: !deletesData || foreign.length > 0 };
}

/** @throws ExitError `notInstalled`, `locked` or `stuck`. */
export async function takeAway(
  host: Host,
  parts: TakeAway,
  onEvent: (event: StepEvent) => void,
): Promise<TakenAway> {
  const { runtime, home, deletesData } = parts;
  await undertake(host, {
    verb: 'uninstall',
    target: 'nothing',
    steps: stepsOf(host, parts),
    stateDir: runtime.stateDir,
    settle: async () => undefined,
    canGoBack: false,
    needsInstall: home !== null,
    forgets: deletesData,
    onEvent,
  });
  if (home === null || !deletesData) return { foreign: [], homeStays: true };
  // The lock is gone, so these go only when they are empty: another run may have begun in them.
  await host.files.removeEmpty(runtime.stateDir);
  const homeStays = !(await host.files.removeEmpty(home));
  return { foreign: homeStays ? await foreignIn(host, home) : [], homeStays };
}

function stepsOf(host: Host, { runtime, home, deletesData }: TakeAway): readonly Step[] {
  if (home === null || !deletesData) return runtime.removal;
  const layout = layoutOf(home);
  const deletion = removePaths(host, {
    name: 'delete data',
    says: 'data, secrets and trust root are deleted for good',
    // The state folder holds journal and lock, and goes last.
    paths: ownNames(layout)
      .map((name) => join(home, name))
      .filter((path) => path !== layout.state),
  });
  return [...runtime.removal, deletion];
}

async function foreignIn(host: Host, home: string): Promise<readonly string[]> {
  const ours = ownNames(layoutOf(home));
  return (await host.files.list(home)).filter((name) => !ours.includes(name));
}
