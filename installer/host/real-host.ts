// The real machine. What fails throws what the system said; commands and probes never throw, their answer
// says what happened.

import { environment } from '../../config/load.ts';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { request } from 'undici';
import type { Command, CommandResult, Detached, Host, ProbeAnswer } from './host.ts';
import { realFiles } from './real-files.ts';

const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const PROBE_CHARACTERS_MAX = 64 * 1024;

export function realHost(): Host {
  return {
    files: realFiles(),
    commands: { run: runCommand },
    processes: {
      ownPid: process.pid,
      ownUser: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
      identity: async (pid) => identityOf(pid),
      start: startDetached,
      signal: async (pid, signal) => signalProcess(pid, signal),
    },
    clock: {
      nowMs: () => Date.now(),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    },
    probe,
    pods: async (release) => (await import('./real-pods.ts')).listPods(release),
    randomHex: (bytes) => randomBytes(bytes).toString('hex'),
    hostname: hostname(),
  };
}

function runCommand(command: Command): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      command.program,
      [...command.args],
      {
        timeout: command.timeoutMs,
        maxBuffer: OUTPUT_BYTES_MAX,
        env: { ...inherited(), ...command.env },
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ code: 0, stdout, stderr });
        const code = typeof error.code === 'number' ? error.code : null;
        resolve({ code, stdout, stderr: stderr === '' ? error.message : stderr });
      },
    );
  });
}

function startDetached({ program, args, env, logFile }: Detached): Promise<number> {
  return new Promise((resolve, reject) => {
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn(program, [...args], {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...inherited(), ...env },
    });
    closeSync(log);
    child.once('error', reject);
    child.once('spawn', () => {
      child.unref();
      resolve(child.pid ?? 0);
    });
  });
}

/** Settings of a server are for the server that reads appliance.yaml, not for whoever runs the installer. */
function inherited(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(environment()).filter(([name]) => !/^(?:SALLYPORT_|NODE_)/.test(name)),
  );
}

function identityOf(pid: number): string | null {
  if (existsSync('/proc/self/stat')) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // State Z: it has ended and only waits to be asked for. Field 22 is the start time in ticks.
      return fields[0] === 'Z' ? null : `${bootId()}/${fields[19] ?? ''}`;
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
  }
  try {
    process.kill(pid, 0);
    return 'alive';
  } catch (error) {
    if (isGone(error)) return null;
    return 'alive';
  }
}

function bootId(): string {
  const file = '/proc/sys/kernel/random/boot_id';
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function isGone(error: unknown): boolean {
  return ['ESRCH', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

async function probe(url: string, timeoutMs: number): Promise<ProbeAnswer | null> {
  try {
    const { statusCode, body } = await request(url, {
      signal: AbortSignal.timeout(timeoutMs),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    return { status: statusCode, body: (await body.text()).slice(0, PROBE_CHARACTERS_MAX) };
  } catch {
    // Nobody there, or too slow: for a probe both mean no answer.
    return null;
  }
}
