// The helm program, and what the cluster says of a release. Looks are told from effects.

import type { CommandResult, FoundPod, Host } from '../../host/host.ts';

export interface FoundRelease {
  status: string;
  revision: string;
  chartVersion: string;
  values: unknown;
}

export interface Helm {
  find(): Promise<FoundRelease | null>;
  /** A release that a killed run left pending would refuse every upgrade. */
  clearPending(): Promise<void>;
  upgrade(chart: string, valuesFile: string): Promise<void>;
  rollback(revision: string): Promise<void>;
  uninstall(): Promise<void>;
  pods(): Promise<readonly FoundPod[]>;
}

export interface HelmSettings {
  name: string;
  namespace: string;
  context: string | null;
  timeout_ms: number;
}

interface Listed {
  name: string;
  status: string;
  chart: string;
  revision: string;
}

const LOOK_LIMIT_MS = 60_000;
const SPARE_MS = 60_000;
const SHOWN_CHARACTERS = 2_000;

export function createHelm(host: Host, settings: HelmSettings): Helm {
  const { name, namespace, context } = settings;
  const timeout = `${Math.ceil(settings.timeout_ms / 1000)}s`;
  const where = [
    ...['--namespace', namespace],
    ...(context === null ? [] : ['--kube-context', context]),
  ];
  const ask = async (args: readonly string[]): Promise<CommandResult> => {
    const run = { program: 'helm', args: [...args, ...where], timeoutMs: LOOK_LIMIT_MS };
    return host.commands.run({ ...run, isLook: true });
  };
  const must = async (args: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await host.commands.run({
      program: 'helm',
      args: [...args, ...where],
      timeoutMs: settings.timeout_ms * 2 + SPARE_MS,
    });
    if (code === 0) return;
    const words = `${stdout}\n${stderr}`.trim().slice(-SHOWN_CHARACTERS);
    throw new Error(`helm ${args[0]}: expected exit code 0, found ${code}:\n${words}`);
  };
  const listed = async (): Promise<Listed | null> => {
    const { code, stdout, stderr } = await ask(['list', '--all', '--output', 'json']);
    if (code !== 0) throw new Error(`helm list: expected exit code 0, found ${code}: ${stderr}`);
    return (JSON.parse(stdout) as Listed[]).find((each) => each.name === name) ?? null;
  };
  return {
    find: async () => {
      const found = await listed();
      if (found === null) return null;
      const { stdout } = await ask(['get', 'values', name, '--output', 'json']);
      return {
        status: found.status,
        revision: found.revision,
        chartVersion: /-(\d.*)$/.exec(found.chart)?.[1] ?? '',
        values: JSON.parse(stdout === '' ? '{}' : stdout) as unknown,
      };
    },
    clearPending: async () => {
      const found = await listed();
      if (found?.status.startsWith('pending-') !== true) return;
      if (found.status === 'pending-install') await must(['uninstall', name, '--wait']);
      else await must(['rollback', name, '--wait', '--timeout', timeout]);
    },
    upgrade: async (chart, valuesFile) => {
      const { stdout } = await ask(['version', '--template', '{{.Version}}']);
      const goBack = stdout.trim().startsWith('v3') ? '--atomic' : '--rollback-on-failure';
      await must([
        ...['upgrade', name, chart, '--install', '--create-namespace'],
        ...['--values', valuesFile, '--reset-values', '--wait', goBack, '--timeout', timeout],
      ]);
    },
    rollback: (revision) => must(['rollback', name, revision, '--wait', '--timeout', timeout]),
    uninstall: () => must(['uninstall', name, '--wait', '--timeout', timeout]),
    pods: () => host.pods(settings),
  };
}
