// The appliance as a container, on podman or docker. Data, secrets and configuration lie below `home` as for
// a plain process; the release is the image. The old container is kept, stopped, until the new one is well.

import { basename, join } from 'node:path';
import { isDone, type Step, toDo } from '../../engine/step.ts';
import type { ApplianceFile } from '../../appliance-file/read.ts';
import type { Host } from '../../host/host.ts';
import { shortDigest } from '../home/digest.ts';
import { type Layout, layoutOf } from '../home/layout.ts';
import { removePaths } from '../home/remove-paths.ts';
import { renderServer } from '../home/render.ts';
import {
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
import { apiUrl, type ExpectedBuild } from '../well.ts';
import { containerEngine, type Engine } from './engine.ts';
import { appliedIdOf, imageIdentity } from './image-identity.ts';
import { createContainers, type Containers } from './containers.ts';
import { changeOfContainer, serveStep, settle } from './serve.ts';

const CHECK_LIMIT_MS = 300_000;
const MIGRATE_LIMIT_MS = 3_600_000;
const STOP_SPARE_MS = 10_000;

/** Where the server sees things inside. */
const INSIDE = {
  dataDir: '/var/lib/sallyport',
  trustRoot: '/etc/sallyport/trust/root.json',
  secrets: '/etc/sallyport/secrets',
};

export async function containerRuntime(
  host: Host,
  appliance: ApplianceFile,
  options: RuntimeOptions,
): Promise<Runtime> {
  const { settings, config } = appliance;
  const { image, archive } = settings.container;
  const layout = layoutOf(settings.container.home);
  const rendered = renderServer(appliance, layout.home, INSIDE);
  const root = await readTrustRoot(host, options.releaseDir);
  const own = (await host.files.read(appliance.file)) ?? '';
  const engine = containerEngine(host, settings.container.engine);
  const base = `${nameOf(image)}-${shortDigest(`${image}\n${rendered.serverYaml}`)}`;
  const imageId = await engine.imageId(image);
  const id = await appliedIdOf(host, layout, { base, imageId });
  const user = settings.container.user ?? callerOf(host);
  const containers = createContainers(host, engine, {
    name: settings.name,
    layout,
    user,
    options: settings.container.options,
    isRootlessPodman: settings.container.engine === 'podman' && host.processes.ownUser.uid !== 0,
    stopLimitMs: config.http.drain_ms + STOP_SPARE_MS,
  });
  const ended = (): Promise<string | null> => whyEnded(containers, engine, settings.name);
  const { soakMs, startLimitMs } = options;
  const well = { api: apiUrl(config), soakMs, startLimitMs, ended };
  const wanted = { id, image, imageId, serverYaml: rendered.serverYaml, api: well.api };
  const change = await changeOfContainer(host, layout, { containers, wanted });
  const build = (): Promise<ExpectedBuild> => engine.buildOf(image);
  const serve = { change, id, image, build, name: settings.name, well };
  return {
    target: id,
    stateDir: layout.state,
    change,
    steps: [
      folders(host, layout),
      secrets(host, layout, rendered.secrets),
      trustRoot(host, layout, root),
      imageStep(engine, image, archive),
      appliedFolder(host, layout, {
        id,
        release: null,
        files: { 'server.yaml': rendered.serverYaml, 'appliance.yaml': own, image: `${image}\n` },
      }),
      imageIdentity(host, layout, { engine, id, image }),
      ...ownership(host, layout, { id, user }),
      ...trials(host, layout, { id, containers }),
      switchCurrent(host, layout, id),
      configLinks(host, layout),
      serveStep(host, containers, serve),
      oldContainer(containers),
      sweep(host, layout),
    ],
    removal: removal(host, layout, containers),
    settle: () => settle(host, layout, { containers, serve }),
    look: async () => {
      const current = await host.files.linkTarget(layout.current);
      const found = await containers.serving();
      return {
        installed: current !== null,
        running: found?.running === true,
        applied: current === null ? null : basename(current),
        wanted: id,
        detail: found === null || found.running ? '' : await engine.lastWords(settings.name),
      };
    },
  };
}

function oldContainer(containers: Containers): Step {
  return {
    name: 'old container',
    says: 'the container before is removed',
    isDone: async () =>
      (await containers.before()) === null ? isDone('none') : toDo('kept until now'),
    run: () => containers.forgetBefore(),
  };
}

function nameOf(image: string): string {
  return (image.split('/').at(-1) ?? image).replaceAll(/[^\w.-]/g, '-').slice(0, 60);
}

async function readTrustRoot(host: Host, releaseDir: string): Promise<string> {
  const root = await host.files.read(join(releaseDir, 'config/trust/root.json'));
  if (root !== null) return root;
  throw new Error(`${releaseDir}: expected config/trust/root.json in it, found none`);
}

/** Never root inside: data of a root install belongs to the user of the image. */
function callerOf(host: Host): string {
  const { uid, gid } = host.processes.ownUser;
  return uid === 0 ? '10001:10001' : `${uid}:${gid}`;
}

function imageStep(engine: Engine, image: string, archive: string | null): Step {
  return {
    name: `image ${image}`,
    says: `the image ${image} is here${archive === null ? '' : `, from ${archive}`}`,
    isDone: async () => ((await engine.hasImage(image)) ? isDone('there') : toDo('not here')),
    run: () => (archive === null ? engine.pull(image) : engine.load(archive)),
    verify: async () => {
      if (await engine.hasImage(image)) return;
      throw new Error(`expected the image ${image} in ${archive ?? 'the registry'}, found others`);
    },
  };
}

function ownership(host: Host, layout: Layout, { id, user }: { id: string; user: string }): Step[] {
  if (host.processes.ownUser.uid !== 0) return [];
  return [
    trial(host, layout, {
      applied: id,
      mark: 'owned',
      says: `data, secrets and configuration belong to ${user}`,
      run: async () => {
        const { code, stderr } = await host.commands.run({
          program: 'chown',
          args: ['-R', user, layout.data, layout.secrets, join(layout.applied, id)],
          timeoutMs: CHECK_LIMIT_MS,
        });
        if (code !== 0) throw new Error(`chown: expected exit code 0, found ${code}: ${stderr}`);
      },
    }),
  ];
}

function trials(
  host: Host,
  layout: Layout,
  { id, containers }: { id: string; containers: Containers },
): Step[] {
  return [
    trial(host, layout, {
      applied: id,
      mark: 'checked',
      says: 'the new image accepts the new configuration',
      run: () => containers.once(id, 'check', CHECK_LIMIT_MS),
    }),
    trial(host, layout, {
      applied: id,
      mark: 'migrated',
      says: 'the database has the tables of the new image; the old one serves meanwhile',
      run: () => containers.once(id, 'migrate', MIGRATE_LIMIT_MS),
    }),
  ];
}

function removal(host: Host, layout: Layout, containers: Containers): Step[] {
  return [
    {
      name: 'remove containers',
      says: 'the containers stop and are removed',
      isDone: async () => {
        const found = (await containers.serving()) ?? (await containers.before());
        return found === null ? isDone('none') : toDo('there');
      },
      run: () => containers.removeAll(),
    },
    removePaths(host, {
      name: 'remove configurations',
      says: 'the rendered configurations are removed',
      paths: [layout.current, layout.previous, layout.applied, layout.releases],
    }),
  ];
}

async function whyEnded(
  containers: Containers,
  engine: Engine,
  name: string,
): Promise<string | null> {
  if ((await containers.serving())?.running === true) return null;
  return `that it ended. Its last words:\n${await engine.lastWords(name)}`;
}
