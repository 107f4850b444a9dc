// `sallyport uninstall`: takes the runtime away. The data stays, unless its name is given to delete it too.

import type { Command } from 'commander';
import { type ApplianceFile, homeOf, readApplianceFile } from '../appliance-file/read.ts';
import { undertake } from '../engine/apply.ts';
import { planSteps } from '../engine/plan.ts';
import { ExitError } from '../exit-codes.ts';
import { realHost } from '../host/real-host.ts';
import { createRuntime } from '../runtimes/create-runtime.ts';
import {
  type CommonOptions,
  dryRunOption,
  fileOption,
  jsonOption,
  NO_WAIT,
  OWN_RELEASE,
} from './options.ts';
import { printPlan } from './plan.ts';
import { tellProgress } from './progress.ts';

interface UninstallOptions extends CommonOptions {
  dryRun: boolean;
  deleteData?: string;
}

export function addUninstallCommand(program: Command): void {
  program
    .command('uninstall')
    .description('take the runtime away; data, secrets and trust root stay')
    .addOption(fileOption())
    .addOption(dryRunOption())
    .addOption(jsonOption())
    .option('--delete-data <name>', "delete the data too; repeat the appliance's name to mean it")
    .action(uninstall);
}

async function uninstall({ file, json, dryRun, deleteData }: UninstallOptions): Promise<void> {
  const host = realHost();
  const appliance = readApplianceFile(file);
  refuseOtherName(appliance, deleteData);
  const options = { releaseDir: OWN_RELEASE, ...NO_WAIT };
  const runtime = await createRuntime(host, appliance, options);
  const home = homeOf(appliance.settings);
  const plan = await planSteps(runtime.removal);
  const hasData =
    deleteData !== undefined && home !== null && (await host.files.kind(home)) !== null;
  if (plan.every((step) => step.done) && !hasData) {
    throw new ExitError('notInstalled', 'Nothing is installed.');
  }
  if (dryRun) {
    printPlan(plan, { json, target: appliance.settings.name, change: null });
    if (hasData) process.stderr.write(`Then ${home} is deleted with all data in it.\n`);
    return;
  }
  await undertake(host, {
    verb: 'uninstall',
    target: 'nothing',
    steps: runtime.removal,
    stateDir: runtime.stateDir,
    settle: async () => undefined,
    canGoBack: false,
    onEvent: tellProgress(json),
  });
  // Journal and lock go with it, so this is the last thing, and no step.
  if (hasData) await host.files.remove(home);
  const kept = home === null || hasData ? '' : ` ${home}/data and the secrets stay.`;
  process.stdout.write(
    json
      ? `${JSON.stringify({ event: 'end', outcome: 'done', data_deleted: hasData })}\n`
      : `${appliance.settings.name} is uninstalled.${kept}\n`,
  );
}

function refuseOtherName({ settings }: ApplianceFile, deleteData: string | undefined): void {
  if (deleteData === undefined || deleteData === settings.name) return;
  throw new ExitError(
    'badInput',
    `--delete-data: expected the appliance's name ${settings.name}, found ${deleteData}. Nothing was touched.`,
  );
}
