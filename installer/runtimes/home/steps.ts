// The steps that process and container share: folders, secrets and trust root, each made once; the folder of
// what is applied; the switch of `current` in one move; and sweeping up what nothing points to any more.

import { basename, join } from 'node:path';
import { sha256Hex } from './digest.ts';
import { isDone, type Step, toDo } from '../../engine/step.ts';
import type { Host } from '../../host/host.ts';
import { MADE_SECRETS } from '../../appliance-file/made-secrets.ts';
import type { Layout } from './layout.ts';

const OWNER_ONLY = 0o700;
const SECRET_MODE = 0o600;
const SECRET_BYTES = 24;

export function folders(host: Host, layout: Layout): Step {
  const wanted: readonly [string, number][] = [
    [layout.home, 0o755],
    [layout.data, OWNER_ONLY],
    [layout.secrets, OWNER_ONLY],
    [layout.config, 0o755],
    [join(layout.config, 'trust'), 0o755],
    [layout.releases, 0o755],
    // Only names lie in it: a container's user must get through to the one that is its own.
    [layout.applied, 0o755],
    [layout.state, OWNER_ONLY],
  ];
  const absent = async (): Promise<[string, number][]> => {
    const found: [string, number][] = [];
    for (const [path, mode] of wanted) {
      if ((await host.files.kind(path)) !== 'folder') found.push([path, mode]);
    }
    return found;
  };
  return {
    name: 'folders',
    says: `the folders below ${layout.home}`,
    isDone: async () => {
      const [first] = await absent();
      return first === undefined ? isDone('there') : toDo(`no folder at ${first[0]}`);
    },
    run: async () => {
      for (const [path, mode] of await absent()) await host.files.makeFolder(path, mode);
    },
  };
}

/** Made once and never written again: those of the evaluation, and the given ones by their content. */
export function secrets(host: Host, layout: Layout, given: ReadonlyMap<string, string>): Step {
  const wanted = [...given.keys()].map((name) => join(layout.secrets, name));
  const absent = async (): Promise<string[]> => {
    const found: string[] = [];
    for (const path of wanted) if ((await host.files.kind(path)) === null) found.push(path);
    return found;
  };
  return {
    name: 'secrets',
    says: `${wanted.length} secrets, a file each that only its owner reads`,
    isDone: async () => {
      const [first] = await absent();
      return first === undefined ? isDone('there') : toDo(`no file at ${first}`);
    },
    run: async () => {
      for (const path of await absent()) {
        const name = basename(path);
        const text = given.get(name) ?? '';
        const made = text === '' ? (MADE_SECRETS[name] ?? '') + host.randomHex(SECRET_BYTES) : text;
        await host.files.writeNew(path, `${made}\n`, SECRET_MODE);
      }
    },
  };
}

/** The first root that was laid down stays; a release with another one must bring the chain to it. */
export function trustRoot(host: Host, layout: Layout, root: string): Step {
  return {
    name: 'trust root',
    says: `the trust root for signed releases, in ${layout.trustRoot}`,
    isDone: async () => {
      const [there, digest] = [
        await host.files.read(layout.trustRoot),
        await host.files.read(layout.trustDigest),
      ];
      if (there === null) return toDo('none was laid down');
      if (digest === null) return toDo('its digest is not pinned');
      if (sha256Hex(there) === digest.trim()) return isDone('there, as pinned');
      // Never mended in silence: whoever changed it may have meant harm.
      return isDone('CHANGED since it was pinned; the server will refuse to start');
    },
    run: async () => {
      // The digest first: a root without one is taken for half laid down, not for a changed one.
      const there = await host.files.read(layout.trustRoot);
      if (there !== null) {
        throw new Error(
          `${layout.trustRoot} lies there without its digest. Expected both or neither; compare the root with the one of your vendor, then remove it to have it laid down again.`,
        );
      }
      await host.files.write(layout.trustDigest, `${sha256Hex(root)}\n`, 0o644);
      await host.files.write(layout.trustRoot, root, 0o644);
    },
  };
}

/** What is written into the folder of an applied release and configuration. */
export interface Applied {
  id: string;
  files: Readonly<Record<string, string>>;
  /** Where the release lies, for the link; null for a container. */
  release: string | null;
}

export function appliedFolder(host: Host, layout: Layout, applied: Applied): Step {
  const folder = join(layout.applied, applied.id);
  return {
    name: `configuration ${applied.id}`,
    says: `the configuration, rendered to ${folder}`,
    isDone: async () =>
      (await host.files.kind(folder)) === null ? toDo('not rendered') : isDone('there'),
    remember: async () => (await host.files.kind(folder)) !== null,
    run: async () => {
      const aside = join(layout.applied, `.making-${applied.id}`);
      await host.files.remove(aside);
      await host.files.makeFolder(aside, OWNER_ONLY);
      for (const [name, text] of Object.entries(applied.files)) {
        await host.files.write(join(aside, name), text, SECRET_MODE);
      }
      if (applied.release !== null) {
        await host.files.link(join(aside, 'release'), applied.release);
      }
      await host.files.rename(aside, folder);
    },
    undo: async (existed) => {
      if (existed !== true) await host.files.remove(folder);
    },
  };
}

/** A command that must go well before the switch; that it did is noted beside the configuration. */
export function trial(
  host: Host,
  layout: Layout,
  parts: { applied: string; mark: string; says: string; run: () => Promise<void> },
): Step {
  const mark = join(layout.applied, parts.applied, parts.mark);
  return {
    name: `${parts.mark} ${parts.applied}`,
    says: parts.says,
    isDone: async () =>
      (await host.files.kind(mark)) === null ? toDo('not done yet') : isDone('went well'),
    run: async () => {
      await parts.run();
      await host.files.write(mark, '', SECRET_MODE);
    },
    // Where the folder was not there before the run it goes as a whole.
    undo: () => host.files.remove(mark),
  };
}

export function switchCurrent(host: Host, layout: Layout, id: string): Step {
  const target = `applied/${id}`;
  return {
    name: 'switch',
    says: `${layout.current} points to ${target}`,
    disturbs: true,
    isDone: async () => {
      const now = await host.files.linkTarget(layout.current);
      return now === target ? isDone(target) : toDo(now ?? 'nothing was applied yet');
    },
    remember: async () => ({
      current: await host.files.linkTarget(layout.current),
      previous: await host.files.linkTarget(layout.previous),
    }),
    run: async () => {
      const now = await host.files.linkTarget(layout.current);
      if (now !== null && now !== target) await host.files.link(layout.previous, now);
      await host.files.link(layout.current, target);
    },
    undo: async (before) => {
      const { current, previous } = before as { current: string | null; previous: string | null };
      await pointTo(host, layout.current, current);
      await pointTo(host, layout.previous, previous);
    },
  };
}

async function pointTo(host: Host, link: string, target: string | null): Promise<void> {
  if (target === null) await host.files.remove(link);
  else await host.files.link(link, target);
}

/** `config/appliance.yaml` and `config/server.yaml` are always those that run. */
export function configLinks(host: Host, layout: Layout): Step {
  const links = ['appliance.yaml', 'server.yaml'].map(
    (name) => [join(layout.config, name), `../current/${name}`] as const,
  );
  return {
    name: 'config links',
    says: `${layout.config} shows what runs`,
    isDone: async () => {
      for (const [path, target] of links) {
        if ((await host.files.linkTarget(path)) !== target) return toDo(`no link at ${path}`);
      }
      return isDone('there');
    },
    run: async () => {
      for (const [path, target] of links) await host.files.link(path, target);
    },
  };
}

/** The one that runs and the one before stay, with their releases and secrets. */
export function sweep(host: Host, layout: Layout): Step {
  const waste = async (): Promise<string[]> => {
    const kept = new Set<string>([basename(layout.serving)]);
    const keptReleases = new Set<string>();
    let texts = '';
    for (const link of [layout.current, layout.previous]) {
      const target = await host.files.linkTarget(link);
      if (target === null) continue;
      kept.add(basename(target));
      const folder = join(layout.applied, basename(target));
      const release = await host.files.linkTarget(join(folder, 'release'));
      if (release !== null) keptReleases.add(basename(release));
      texts += (await host.files.read(join(folder, 'server.yaml'))) ?? '';
    }
    const found: string[] = [];
    for (const name of await host.files.list(layout.applied)) {
      if (!kept.has(name)) found.push(join(layout.applied, name));
    }
    for (const name of await host.files.list(layout.releases)) {
      if (!keptReleases.has(name)) found.push(join(layout.releases, name));
    }
    for (const name of await host.files.list(layout.secrets)) {
      const isGiven = /\.[0-9a-f]{12}$/.test(name);
      if (isGiven && !texts.includes(name)) found.push(join(layout.secrets, name));
    }
    return found;
  };
  return {
    name: 'sweep',
    says: 'releases and configurations older than the one before are removed',
    isDone: async () => {
      const found = await waste();
      return found.length === 0 ? isDone('nothing old') : toDo(`${found.length} old ones`);
    },
    run: async () => {
      for (const path of await waste()) await host.files.remove(path);
    },
  };
}
