// `sallyport uninstall`: takes the runtime away. The data stays, unless its name is given to delete it too.

import type { Command } from 'commander';
import { type ApplianceFile, homeOf, readApplianceFile } from '../appliance-file/read.ts';
import { ExitError } from '../exit-codes.ts';
import { realHost } from '../host/real-host.ts';
import { createRuntime } from '../runtimes/create-runtime.ts';
import { planTakeAway, takeAway, type TakeAway, type TakenAway } from '../runtimes/take-away.ts';
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
  refuseDeletion(appliance, deleteData);
  const options = { releaseDir: OWN_RELEASE, ...NO_WAIT };
  const { name } = appliance.settings;
  const parts: TakeAway = {
    runtime: await createRuntime(host, appliance, options),
    home: homeOf(appliance.settings),
    deletesData: deleteData !== undefined,
  };
  const { plan, ...planned } = await planTakeAway(host, parts);
  if (dryRun) {
    printPlan(plan, { json, target: name, change: null });
    if (parts.deletesData)
      process.stderr.write(`Then nothing is left${whatStays(parts, planned)}.\n`);
    return;
  }
  const taken = await takeAway(host, parts, tellProgress(json));
  const end = { event: 'end', outcome: 'done', data_deleted: parts.deletesData };
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...end, kept: taken.foreign })}\n`
      : `${name} is uninstalled${whatStays(parts, taken)}.\n`,
  );
}

function whatStays({ home, deletesData }: TakeAway, { foreign, homeStays }: TakenAway): string {
  if (home === null || (deletesData && !homeStays)) return '';
  if (!deletesData) return `; ${home}/data and the secrets stay`;
  if (foreign.length === 0) return `; the empty folder ${home} stays`;
  return `; ${home} stays with what was never the appliance's: ${foreign.join(', ')}`;
}

function refuseDeletion({ settings }: ApplianceFile, deleteData: string | undefined): void {
  if (deleteData === undefined) return;
  if (deleteData !== settings.name) {
    throw new ExitError(
      'badInput',
      `--delete-data: expected the appliance's name ${settings.name}, found ${deleteData}. Nothing was touched.`,
    );
  }
  if (settings.runtime !== 'helm') return;
  throw new ExitError(
    'badInput',
    '--delete-data: expected runtime process or container, found helm. Its keys and volume are deleted in the cluster (docs/kubernetes.md). Nothing was touched.',
  );
}
