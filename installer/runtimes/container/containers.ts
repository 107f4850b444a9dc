// The containers of one appliance: the one that serves, the one before while the new one proves itself, and
// those that run one role and are gone. A replacement may be killed anywhere and is safe to repeat: which
// container is which is read from names and labels.

import { basename, join } from 'node:path';
import type { Host } from '../../host/host.ts';
import type { Layout } from '../home/layout.ts';
import { keptImageId } from './image-identity.ts';
import { APPLIED_LABEL, type Engine, type FoundContainer } from './engine.ts';

export interface ContainerSettings {
  name: string;
  layout: Layout;
  user: string;
  options: readonly string[];
  isRootlessPodman: boolean;
  stopLimitMs: number;
}

export interface Containers {
  serving(): Promise<FoundContainer | null>;
  before(): Promise<FoundContainer | null>;
  /** Runs one role of the server and waits for its end. */
  once(applied: string, role: string, timeoutMs: number): Promise<void>;
  /** The old one aside and stopped, the new one in its place. */
  replace(applied: string): Promise<void>;
  /** Undoes `replace`; what comes back is started by `ensure`. */
  putBack(applied: string): Promise<void>;
  /** That one serves; it is made when it is not there. */
  ensure(applied: string): Promise<void>;
  /** Whatever runs is made anew from that one. */
  remake(applied: string): Promise<void>;
  /** The one that serves reads that one from now on, and is told to. */
  reload(applied: string): Promise<void>;
  /** It has taken that one over; `serving` says so from now on. */
  note(applied: string): Promise<void>;
  forgetBefore(): Promise<void>;
  removeAll(): Promise<void>;
}

const START_LIMIT_MS = 300_000;
const APPLIED_INSIDE = '/etc/sallyport/applied';

export function createContainers(
  host: Host,
  engine: Engine,
  settings: ContainerSettings,
): Containers {
  const { name, stopLimitMs } = settings;
  const aside = `${name}-before`;
  const takenOver = takenOverOf(host, engine, settings);
  const { serving, read } = takenOver;
  const before = (): Promise<FoundContainer | null> => engine.find(aside);
  const run = async (applied: string): Promise<void> => {
    await takenOver.forget();
    await read(applied);
    await runDetached(host, engine, { settings, applied });
  };
  const remake = async (applied: string): Promise<void> => {
    if ((await engine.find(name)) !== null) await engine.remove(name);
    await run(applied);
  };
  const forgetBefore = async (): Promise<void> => {
    if ((await before()) !== null) await engine.remove(aside);
  };
  return {
    serving,
    before,
    once: (applied, role, timeoutMs) =>
      runOnce(host, engine, { settings, applied, role, timeoutMs }),
    replace: async (applied) => {
      const now = await serving();
      if (now !== null && now.applied !== applied) {
        await forgetBefore();
        await engine.rename(name, aside);
      } else if (now !== null) {
        // Made by a run that was killed, or ended by itself: made again, so that nothing is left of that.
        await engine.remove(name);
      }
      if ((await before())?.running === true) await engine.stop(aside, stopLimitMs);
      await run(applied);
    },
    putBack: async (applied) => {
      if ((await serving())?.applied === applied) await engine.remove(name);
      if ((await serving()) === null && (await before()) !== null) {
        await engine.rename(aside, name);
      }
    },
    ensure: async (applied) => {
      const now = await serving();
      if (now?.applied === applied) {
        await read(applied);
        if (!now.running) await engine.start(name);
        return;
      }
      await remake(applied);
    },
    remake,
    reload: async (applied) => {
      await read(applied);
      await engine.hangUp(name);
    },
    note: takenOver.note,
    forgetBefore,
    removeAll: async () => {
      if ((await serving())?.running === true) await engine.stop(name, stopLimitMs);
      if ((await serving()) !== null) await engine.remove(name);
      await forgetBefore();
    },
  };
}

interface TakenOver {
  /** The container that serves, with what it was made for or has taken over since. */
  serving(): Promise<FoundContainer | null>;
  /** That one is what it reads from now on. */
  read(applied: string): Promise<void>;
  note(applied: string): Promise<void>;
  forget(): Promise<void>;
}

/** A label cannot be changed, so what a container took over since it was made is noted beside the journal. */
function takenOverOf(host: Host, engine: Engine, { name, layout }: ContainerSettings): TakenOver {
  const { files } = host;
  const noted = join(layout.state, 'taken-over');
  return {
    serving: async () => {
      const found = await engine.find(name);
      if (found === null) return null;
      const [label, applied] = ((await files.read(noted)) ?? '').trim().split(' ');
      return label === found.applied ? { ...found, applied: applied ?? found.applied } : found;
    },
    read: (applied) => files.link(layout.serving, applied),
    note: async (applied) => {
      const found = await engine.find(name);
      if (found !== null) await files.write(noted, `${found.applied} ${applied}\n`, 0o600);
    },
    forget: () => files.remove(noted),
  };
}

async function runDetached(
  host: Host,
  engine: Engine,
  { settings, applied }: { settings: ContainerSettings; applied: string },
): Promise<void> {
  const { name, layout } = settings;
  await engine.run(
    [
      '--detach',
      ...['--name', name, '--restart', 'unless-stopped'],
      ...['--label', `${APPLIED_LABEL}=${applied}`],
      ...common(settings),
      await imageOf(host, settings, applied),
      ...['all', '--config', `${APPLIED_INSIDE}/${basename(layout.serving)}/server.yaml`],
    ],
    START_LIMIT_MS,
  );
}

async function runOnce(
  host: Host,
  engine: Engine,
  parts: { settings: ContainerSettings; applied: string; role: string; timeoutMs: number },
): Promise<void> {
  const { settings, applied, role, timeoutMs } = parts;
  const name = `${settings.name}-${role}`;
  // One of a killed run may still be there, and may still run.
  if ((await engine.find(name)) !== null) await engine.remove(name);
  await engine.run(
    [
      '--rm',
      ...['--name', name],
      ...common(settings),
      await imageOf(host, settings, applied),
      ...[role, '--config', `${APPLIED_INSIDE}/${applied}/server.yaml`],
    ],
    timeoutMs,
  );
}

/** The network is the machine's own, so that a setting means the same in every runtime. */
function common({
  layout,
  user,
  options,
  isRootlessPodman,
  stopLimitMs,
}: ContainerSettings): string[] {
  const mount = (from: string, to: string, mode: string): string[] => [
    '--volume',
    `${from}:${to}:${mode}`,
  ];
  return [
    ...['--network', 'host', '--user', user],
    ...(isRootlessPodman ? ['--userns', 'keep-id'] : []),
    ...['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'all'],
    ...['--security-opt', 'no-new-privileges'],
    ...['--stop-timeout', String(Math.ceil(stopLimitMs / 1000))],
    ...mount(layout.data, '/var/lib/sallyport', 'rw'),
    // All of them, so that another one can be read without another container.
    ...mount(layout.applied, APPLIED_INSIDE, 'ro'),
    ...mount(layout.secrets, '/etc/sallyport/secrets', 'ro'),
    ...mount(join(layout.config, 'trust'), '/etc/sallyport/trust', 'ro'),
    ...options,
  ];
}

async function imageOf(
  host: Host,
  { layout }: ContainerSettings,
  applied: string,
): Promise<string> {
  // By its id, so that going back finds the image that served, whatever its name means by now.
  const id = await keptImageId(host, layout, applied);
  if (id !== null) return id;
  const image = (await host.files.read(join(layout.applied, applied, 'image')))?.trim();
  if (image === undefined) {
    throw new Error(`expected ${join(layout.applied, applied)} to name its image, found none`);
  }
  return image;
}
