// The server as a detached process with a pid file, for machines without systemd. The pid file is written by
// the started process itself, before it becomes the server: a killed installer cannot lose track of it. It
// holds pid, start time (a later process with that pid is not ours) and what it was started with.

import { join } from 'node:path';
import type { Host } from '../../host/host.ts';
import type { Layout } from '../home/layout.ts';
import type { ServerCommand, Supervisor } from './supervisor.ts';

// $1 pid file, $2 the link to what runs, the rest is the server's command line.
const START = `file=$1; applied=$(basename "$(readlink "$2")"); shift 2
ticks=$(cut -d" " -f22 /proc/$$/stat 2>/dev/null)
printf '%s %s %s\\n' "$$" "$applied" "$ticks" > "$file.new" && mv "$file.new" "$file" && exec "$@"`;

const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 60_000;
const EVERY_MS = 50;
const LAST_LINES = 12;

interface Started {
  pid: number;
  applied: string;
  ticks: string;
}

export function pidfileSupervisor(
  host: Host,
  layout: Layout,
  command: () => Promise<ServerCommand>,
): Supervisor {
  const file = join(layout.state, 'server.pid');
  const started = async (): Promise<Started | null> => {
    const [pid = '', applied = '', ticks = ''] = ((await host.files.read(file)) ?? '')
      .trim()
      .split(' ');
    if (!/^\d+$/.test(pid)) return null;
    const identity = await host.processes.identity(Number(pid));
    const isOurs = identity !== null && (ticks === '' || identity.endsWith(`/${ticks}`));
    return isOurs ? { pid: Number(pid), applied, ticks } : null;
  };
  const stop = async (): Promise<void> => {
    const before = await started();
    if (before === null) return;
    await host.processes.signal(before.pid, 'SIGTERM');
    if (await gone(host, started, STOP_LIMIT_MS)) return;
    await host.processes.signal(before.pid, 'SIGKILL');
    if (!(await gone(host, started, STOP_LIMIT_MS))) {
      throw new Error(`expected process ${before.pid} to end, found it still there`);
    }
  };
  return {
    entry: file,
    running: async () => {
      const now = await started();
      return now === null ? null : { applied: now.applied };
    },
    installed: async () => ({ ok: true, found: 'nothing needs installing' }),
    install: async () => undefined,
    remember: async () => null,
    reinstall: async () => undefined,
    restart: async () => {
      await stop();
      await host.files.remove(file);
      const { node, args, env } = await command();
      await host.processes.start({
        program: '/bin/sh',
        args: ['-c', START, 'sh', file, layout.current, node, ...args],
        env,
        logFile: layout.log,
      });
      const endMs = host.clock.nowMs() + START_LIMIT_MS;
      while ((await host.files.kind(file)) === null) {
        if (host.clock.nowMs() > endMs) throw new Error(`expected ${file} to appear`);
        await host.clock.sleep(EVERY_MS);
      }
    },
    reload: async () => {
      const now = await started();
      if (now === null) throw new Error('expected the server to run, found that it ended');
      await host.processes.signal(now.pid, 'SIGHUP');
    },
    note: async (applied) => {
      const now = await started();
      if (now !== null) await host.files.write(file, `${now.pid} ${applied} ${now.ticks}\n`, 0o644);
    },
    stop,
    remove: () => host.files.remove(file),
    lastWords: async () => {
      const log = (await host.files.read(layout.log)) ?? '';
      return log.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
    },
  };
}

async function gone(
  host: Host,
  started: () => Promise<Started | null>,
  limitMs: number,
): Promise<boolean> {
  const endMs = host.clock.nowMs() + limitMs;
  while ((await started()) !== null) {
    if (host.clock.nowMs() > endMs) return false;
    await host.clock.sleep(EVERY_MS);
  }
  return true;
}
