// The appliance as a plain process: a release copied beside the others, tried, migrated with, switched to
// and watched. The order of the steps is the order of the list at the end.

import { basename, join } from 'node:path';
import { isDone, type Step, toDo } from '../../engine/step.ts';
import type { ApplianceFile } from '../../appliance-file/read.ts';
import type { Host } from '../../host/host.ts';
import { shortDigest } from '../home/digest.ts';
import { type Layout, layoutOf } from '../home/layout.ts';
import { renderServer } from '../home/render.ts';
import {
  type Applied,
  appliedFolder,
  configLinks,
  folders,
  secrets,
  sweep,
  switchCurrent,
  trial,
  trustRoot,
} from '../home/steps.ts';
import type { Runtime, RuntimeOptions } from '../runtime.ts';
import { apiUrl } from '../well.ts';
import { pidfileSupervisor } from './pidfile.ts';
import { nodeOf, readRelease, type Release } from './release.ts';
import { removalOf } from './removal.ts';
import { changeOfProcess, serveStep, settle, whyEnded } from './serve.ts';
import { stageRelease } from './stage-release.ts';
import type { ServerCommand, Supervisor } from './supervisor.ts';
import { systemdSupervisor } from './systemd.ts';
import { SERVER_ENVIRONMENT } from '../server-environment.ts';

const CHECK_LIMIT_MS = 120_000;
const MIGRATE_LIMIT_MS = 3_600_000;
/** On top of the server's own drain. */
const STOP_SPARE_MS = 10_000;

export async function processRuntime(
  host: Host,
  appliance: ApplianceFile,
  options: RuntimeOptions,
): Promise<Runtime> {
  const layout = layoutOf(appliance.settings.process.home);
  const release = await readRelease(host, options.releaseDir);
  const rendered = renderServer(appliance, layout.home, {
    dataDir: layout.data,
    trustRoot: layout.trustRoot,
    secrets: layout.secrets,
  });
  const own = (await host.files.read(appliance.file)) ?? '';
  const applied: Applied = {
    id: `${release.id}-${shortDigest(rendered.serverYaml)}`,
    files: { 'server.yaml': rendered.serverYaml, 'appliance.yaml': own },
    release: join('../../releases', release.id),
  };
  const supervisor = supervisorOf(host, layout, appliance);
  const api = apiUrl(appliance.config);
  const ended = (): Promise<string | null> => whyEnded(supervisor);
  const { soakMs, startLimitMs } = options;
  const well = { api, soakMs, startLimitMs, ended };
  const change = await changeOfProcess(host, layout, { supervisor, rendered, applied, api });
  const serve = { change, release, applied: applied.id, well };
  return {
    target: applied.id,
    stateDir: layout.state,
    change,
    steps: [
      folders(host, layout),
      secrets(host, layout, rendered.secrets),
      trustRoot(host, layout, release.trustRoot),
      stageRelease(host, layout, release),
      appliedFolder(host, layout, applied),
      ...ownership(host, layout, { appliance, applied: applied.id }),
      ...trials(host, layout, { release, applied: applied.id }),
      switchCurrent(host, layout, applied.id),
      configLinks(host, layout),
      unit(supervisor, appliance.settings.process.supervisor),
      serveStep(host, supervisor, serve),
      sweep(host, layout),
    ],
    removal: removalOf(host, layout, supervisor),
    settle: () => settle(host, layout, { supervisor, serve }),
    look: async () => {
      const running = await supervisor.running();
      const current = await host.files.linkTarget(layout.current);
      return {
        installed: current !== null,
        running: running !== null,
        applied: current === null ? null : basename(current),
        wanted: applied.id,
        detail: running === null ? await supervisor.lastWords() : '',
      };
    },
  };
}

function supervisorOf(host: Host, layout: Layout, { settings, config }: ApplianceFile): Supervisor {
  const command = async (): Promise<ServerCommand> => {
    const release = join(layout.current, 'release');
    return {
      node: await nodeOf(host, release),
      args: [join(release, 'server/main.ts'), '--config', join(layout.current, 'server.yaml')],
      env: { NODE_COMPILE_CACHE: join(layout.data, 'compile-cache'), ...SERVER_ENVIRONMENT },
    };
  };
  if (settings.process.supervisor === 'pidfile') return pidfileSupervisor(host, layout, command);
  return systemdSupervisor(host, layout, {
    command,
    settings: {
      name: settings.name,
      unitDir: settings.process.unit_dir,
      user: settings.process.user,
      stopLimitMs: config.http.drain_ms + STOP_SPARE_MS,
    },
  });
}

function unit(supervisor: Supervisor, kind: string): Step {
  return {
    name: 'supervisor',
    says: `${kind} knows how to start the server`,
    disturbs: true,
    isDone: async () => {
      const { ok, found } = await supervisor.installed();
      return ok ? isDone(found) : toDo(found);
    },
    remember: () => supervisor.remember(),
    run: () => supervisor.install(),
    undo: (before) => supervisor.reinstall(typeof before === 'string' ? before : null),
  };
}

/** The new code with the new configuration, beside the old one that serves. */
function trials(
  host: Host,
  layout: Layout,
  { release, applied }: { release: Release; applied: string },
): Step[] {
  const folder = join(layout.applied, applied);
  const role = async (name: string, timeoutMs: number): Promise<void> => {
    const staged = join(layout.releases, release.id);
    const { code, stdout, stderr } = await host.commands.run({
      program: await nodeOf(host, staged),
      args: [join(staged, 'server/main.ts'), name, '--config', join(folder, 'server.yaml')],
      timeoutMs,
    });
    if (code !== 0) {
      const words = `${stdout}\n${stderr}`.trim().slice(-2_000);
      throw new Error(`server/main.ts ${name}: expected exit code 0, found ${code}:\n${words}`);
    }
  };
  return [
    trial(host, layout, {
      applied,
      mark: 'checked',
      says: 'the new release accepts the new configuration',
      run: () => role('check', CHECK_LIMIT_MS),
    }),
    trial(host, layout, {
      applied,
      mark: 'migrated',
      says: 'the database has the tables of the new release; the old one serves meanwhile',
      run: () => role('migrate', MIGRATE_LIMIT_MS),
    }),
  ];
}

/** With a user of its own, what the server reads and writes is that user's. */
function ownership(
  host: Host,
  layout: Layout,
  { appliance, applied }: { appliance: ApplianceFile; applied: string },
): Step[] {
  const { user } = appliance.settings.process;
  if (user === null) return [];
  return [
    trial(host, layout, {
      applied,
      mark: 'owned',
      says: `data, secrets and configuration belong to ${user}`,
      run: async () => {
        const { code, stderr } = await host.commands.run({
          program: 'chown',
          args: ['-R', `${user}:`, layout.data, layout.secrets, layout.applied],
          timeoutMs: CHECK_LIMIT_MS,
        });
        if (code !== 0) throw new Error(`chown: expected exit code 0, found ${code}: ${stderr}`);
      },
    }),
  ];
}
