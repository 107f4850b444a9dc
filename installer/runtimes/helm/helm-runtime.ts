// The appliance as a Helm release. Helm and the chart do the work: keys and secrets that are made once, the
// migration that blocks the rollout, going back when it does not become ready. Here: the values, the plan,
// and what the cluster says.

import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'yaml';
import { isDone, type Remembered, type Step, toDo } from '../../engine/step.ts';
import type { ApplianceFile } from '../../appliance-file/read.ts';
import type { Host } from '../../host/host.ts';
import { shortDigest } from '../home/digest.ts';
import { removePaths } from '../home/remove-paths.ts';
import type { Runtime, RuntimeOptions, RuntimeState } from '../runtime.ts';
import { chartValues } from './chart-values.ts';
import { createHelm, type FoundRelease, type Helm } from './helm.ts';

const EVERY_MS = 500;

export async function helmRuntime(
  host: Host,
  appliance: ApplianceFile,
  { soakMs }: RuntimeOptions,
): Promise<Runtime> {
  const { settings } = appliance;
  const { namespace, chart } = settings.helm;
  const values = chartValues(appliance);
  // A cluster has no folder of ours: what the installer remembers lies beside its file.
  const stateDir = join(dirname(appliance.file), `.${settings.name}`);
  const valuesFile = join(stateDir, 'values.yaml');
  const helm = createHelm(host, { name: settings.name, ...settings.helm });
  const chartVersion = await versionOf(host, chart);
  const target = `${chartVersion}-${shortDigest(stringify(values))}`;
  const wanted = { target, chartVersion, values };
  const valuesText = `# Rendered by \`sallyport apply\`; it will be written again.\n${stringify(values)}`;
  return {
    target,
    stateDir,
    change: null,
    steps: [
      {
        name: 'values',
        says: `the chart's values, in ${valuesFile}`,
        isDone: async () =>
          (await host.files.read(valuesFile)) === valuesText ? isDone('there') : toDo('differ'),
        run: async () => {
          await host.files.makeFolder(stateDir, 0o700);
          await host.files.write(valuesFile, valuesText, 0o600);
        },
      },
      releaseStep(host, helm, {
        ...wanted,
        soakMs,
        name: settings.name,
        namespace,
        chart,
        valuesFile,
      }),
    ],
    removal: [
      {
        name: 'uninstall',
        says: `the release ${settings.name} is removed; keys and volume stay`,
        isDone: async () => ((await helm.find()) === null ? isDone('none') : toDo('installed')),
        run: () => helm.uninstall(),
      },
      removePaths(host, {
        name: 'remove values',
        says: 'the rendered values are removed',
        paths: [valuesFile],
      }),
    ],
    // Going back waits until the one before is ready.
    settle: async () => undefined,
    look: () => look(helm, wanted),
  };
}

interface Wanted {
  target: string;
  chartVersion: string;
  values: unknown;
}

type ReleaseParts = Wanted & {
  name: string;
  namespace: string;
  chart: string;
  valuesFile: string;
  soakMs: number;
};

function releaseStep(host: Host, helm: Helm, parts: ReleaseParts): Step {
  const { target, chartVersion, values } = parts;
  return {
    name: `release ${target}`,
    says: `the release ${parts.name} in ${parts.namespace}, of chart ${chartVersion}; Helm goes back when it is not ready`,
    isDone: async () => {
      const found = await helm.find();
      if (found === null) return toDo('not installed');
      if (found.status !== 'deployed') return toDo(`its status is ${found.status}`);
      if (found.chartVersion !== chartVersion) return toDo(`chart ${found.chartVersion}`);
      return isDeepStrictEqual(found.values, values) ? isDone('deployed') : toDo('other values');
    },
    run: async () => {
      await helm.clearPending();
      await helm.upgrade(parts.chart, parts.valuesFile);
    },
    verify: () => stayReady(host, helm, parts.soakMs),
    remember: async () => {
      const found = await helm.find();
      return found === null ? null : found.status === 'deployed' ? found.revision : NOT_DEPLOYED;
    },
    undo: (before) => goBack(helm, parts, before),
  };
}

/** Of a release that was in no state to go back to. */
const NOT_DEPLOYED = '';

/** Helm goes back by itself when a rollout fails, and not when what it rolled out fails later. */
async function goBack(helm: Helm, wanted: Wanted, before: Remembered): Promise<void> {
  const found = await helm.find();
  if (found === null || found.revision === before || before === NOT_DEPLOYED) return;
  if (before === null) await helm.uninstall();
  if (typeof before !== 'string') return;
  if (isWanted(found, wanted) || found.status !== 'deployed') await helm.rollback(before);
}

/** @throws Error naming the pods that are not ready, at once or later within the soak. */
async function stayReady(host: Host, helm: Helm, soakMs: number): Promise<void> {
  const soakEndMs = host.clock.nowMs() + soakMs;
  for (;;) {
    const trouble = await notReady(helm);
    if (trouble !== null) throw new Error(trouble);
    if (host.clock.nowMs() >= soakEndMs) return;
    await host.clock.sleep(EVERY_MS);
  }
}

/** Helm keeps values without their order, so they are compared and not digested. */
function isWanted(found: FoundRelease, { chartVersion, values }: Wanted): boolean {
  return isDeepStrictEqual(found.values, values) && found.chartVersion === chartVersion;
}

async function look(helm: Helm, wanted: Wanted): Promise<RuntimeState> {
  const { target } = wanted;
  const found = await helm.find();
  if (found === null) {
    return { installed: false, running: false, applied: null, wanted: target, detail: '' };
  }
  const trouble = await notReady(helm);
  const other = `${found.chartVersion}-${shortDigest(stringify(found.values))}`;
  return {
    installed: true,
    running: trouble === null,
    applied: isWanted(found, wanted) ? target : other,
    wanted: target,
    detail: trouble ?? '',
  };
}

/** Null when every pod of the release is ready. */
async function notReady(helm: Helm): Promise<string | null> {
  const pods = await helm.pods();
  if (pods.length === 0) return 'expected pods of the release, found none';
  const waiting = pods.filter((pod) => !pod.ready);
  return waiting.length === 0
    ? null
    : `expected every pod ready, found ${waiting.map(({ name, why }) => `${name} (${why})`).join(', ')}`;
}

async function versionOf(host: Host, chart: string): Promise<string> {
  const text = await host.files.read(join(chart, 'Chart.yaml'));
  if (text === null) {
    throw new Error(`helm.chart: expected the folder of a chart, found no Chart.yaml in ${chart}`);
  }
  return (parse(text) as { version: string }).version;
}
