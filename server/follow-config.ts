// When the configuration is read anew: on SIGHUP, and when one of its files or secrets changed. The folders'
// own notices make it soon, a slow look at every file makes it certain (a mounted ConfigMap changes by a
// swapped link, some file systems tell nothing). One reload at a time, never while files are being written.

import { type FSWatcher, realpathSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import type { LiveConfig } from './live-config.ts';
import type { Timer, World } from './shared/world.ts';

export interface Following {
  /** Reads soon; asked again meanwhile, once. */
  request(): void;
  stop(): void;
}

const LIMITS = {
  /** Files must stand still for this long; an editor or a kubelet needs less. */
  settleMs: 100,
  /** After so many looks at files that never stand still, they are read as they are. */
  settleLooks: 50,
  /** How late a change is seen where the system tells nothing. */
  lookEveryMs: 10_000,
} as const;

export function followConfig(
  { timers }: Pick<World, 'timers'>,
  { live, log }: { live: LiveConfig; log: Logger },
): Following {
  let seen = '';
  let waiting: Timer | null = null;
  let noticing: Timer | null = null;
  let looks = 0;

  const request = (): void => {
    if (waiting !== null) return;
    looks = 0;
    wait(stampOf(live.files()));
  };
  const wait = (stamp: string): void => {
    waiting = timers.after(LIMITS.settleMs, () => {
      waiting = null;
      const now = stampOf(live.files());
      looks += 1;
      if (now !== stamp && looks < LIMITS.settleLooks) wait(now);
      else read(now);
    });
  };
  const read = (before: string): void => {
    const files = live.files();
    tell(live.reload(), { live, log });
    seen = stampOf(live.files());
    folders.watch(live.files());
    // Changed while it was read: what was read may be of two minds.
    if (stampOf(files) !== before) request();
  };
  const look = (): void => {
    if (stampOf(live.files()) !== seen) request();
  };
  // A folder may hold files that are written all the time.
  const noticed = (): void => {
    noticing ??= timers.after(LIMITS.settleMs, () => {
      noticing = null;
      look();
    });
  };
  const folders = watchFolders(noticed, log);
  folders.watch(live.files());
  const slowly = timers.every(LIMITS.lookEveryMs, look);
  // What changed between the first reading and now.
  request();
  return {
    request,
    stop: () => {
      waiting?.cancel();
      noticing?.cancel();
      slowly.cancel();
      folders.watch([]);
    },
  };
}

function tell(
  { problems, warnings, changed, restartNeeded }: ReturnType<LiveConfig['reload']>,
  { live, log }: { live: LiveConfig; log: Logger },
): void {
  const { generation } = live.state();
  if (problems.length > 0) {
    log.error({ problems, generation }, 'the configuration is wrong; the one in force stays');
    return;
  }
  for (const warning of warnings) log.warn(warning);
  if (changed.length > 0) log.info({ changed, generation }, 'the configuration was reloaded');
  if (restartNeeded.length > 0) {
    log.warn({ settings: restartNeeded }, 'restart needed: settings that do not change live');
  }
}

/** Says whether any of the files is another than before; a link counts as what it leads to. */
function stampOf(files: readonly string[]): string {
  return files.map((file) => `${file}\0${fileStamp(file)}`).join('\n');
}

function fileStamp(file: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unreadable';
  }
}

/** Calls on any notice of a folder that holds one of the files, or what a link leads to. */
function watchFolders(notice: () => void, log: Logger): { watch(files: readonly string[]): void } {
  const open = new Map<string, FSWatcher>();
  const close = (folder: string): void => {
    open.get(folder)?.close();
    open.delete(folder);
  };
  const begin = (folder: string): void => {
    try {
      const watcher = watch(folder, { persistent: false }, notice);
      watcher.on('error', () => close(folder));
      open.set(folder, watcher);
    } catch (error) {
      // No such folder, or no notices left: the slow look remains.
      log.debug({ err: error, folder }, 'a folder is not watched');
    }
  };
  return {
    watch: (files) => {
      const wanted = new Set(files.flatMap((file) => [dirname(file), dirname(realOf(file))]));
      for (const folder of open.keys()) if (!wanted.has(folder)) close(folder);
      for (const folder of wanted) if (!open.has(folder)) begin(folder);
    },
  };
}

function realOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // Not there: its own folder will tell when it is.
    return file;
  }
}
