// A real install in a temporary folder, driven by the real command. Releases are frozen copies of this
// checkout, so that an edit in it changes nothing under the test.

import {
  type ChildProcessWithoutNullStreams,
  execFile,
  spawn,
  spawnSync,
} from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { realHost } from '../../../installer/host/real-host.ts';
import { layoutOf } from '../../../installer/runtimes/home/layout.ts';
import { readRelease } from '../../../installer/runtimes/process/release.ts';
import { stageRelease } from '../../../installer/runtimes/process/stage-release.ts';
import { ROOT } from '../../support/spawn-appliance.ts';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RealBox {
  folder: string;
  home: string;
  file: string;
  api: string;
  /** Runs `sallyport`, from the first release. */
  run(...args: string[]): Promise<Ran>;
  /** Runs `apply` and kills it with SIGKILL as soon as the step is begun: `killed`, else what it said. */
  applyAndKill(step: string, ...args: string[]): Promise<string>;
  /** What uninstall leaves goes too. */
  remove(): Promise<void>;
}

export interface BoxParts {
  /** The folder of the release whose command is used. */
  cli: string;
  /** Answers of `init` besides home and ports. */
  init: readonly string[];
}

const MAIN = 'installer/main.ts';

/** Half of what there is to copy, and not needed on this machine: a Node of its own, and the Kubernetes client. */
const LEFT_OUT = /^node_modules\/(?:node-(?:linux|darwin|win)-|@kubernetes\/)/;

/** @returns the folder of a frozen release. */
export async function freezeRelease(folder: string): Promise<string> {
  const host = realHost();
  const release = await readRelease(host, ROOT);
  const parts = release.parts.filter((part) => !LEFT_OUT.test(part));
  await stageRelease(host, layoutOf(folder), { ...release, parts }).run();
  return join(layoutOf(folder).releases, release.id);
}

/** A copy (hard links, so changed files are made anew) with another version and some other files. */
export function copyRelease(
  release: string,
  version: string,
  changes: Readonly<Record<string, (text: string) => string>>,
): string {
  const copy = `${release}-${version}`;
  const { status, stderr } = spawnSync('cp', ['-al', release, copy]);
  if (status !== 0) throw new Error(String(stderr));
  const setVersion = (text: string): string =>
    text.replace(/"version": "[^"]+"/, `"version": "${version}"`);
  for (const [name, change] of Object.entries({ 'package.json': setVersion, ...changes })) {
    const file = join(copy, name);
    const text = change(readFileSync(file, 'utf8'));
    unlinkSync(file);
    writeFileSync(file, text);
  }
  return copy;
}

export async function makeBox({ cli, init }: BoxParts): Promise<RealBox> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-box-'));
  // Compiled once, not with every command.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compile-cache') };
  const [home, file] = [join(folder, 'home'), join(folder, 'appliance.yaml')];
  const [port, gatewayPort] = [await freePort(), await freePort()];
  const command = (args: readonly string[]): string[] => [join(cli, MAIN), ...args];
  const run = (...args: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      execFile(process.execPath, command(args), { cwd: folder, env }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
        resolve({ code, stdout, stderr });
      });
    });
  const flags = [...init, '--home', home, '--yes'];
  const ports = ['--port', String(port), '--gateway-port', String(gatewayPort)];
  const made = await run('init', '--profile', 'evaluation', ...flags, ...ports);
  if (made.code !== 0) throw new Error(made.stderr);
  return {
    folder,
    home,
    file,
    api: `http://127.0.0.1:${port}`,
    run,
    applyAndKill: (step, ...args) => {
      const all = command(['apply', '--json', ...args]);
      return killAtStep(spawn(process.execPath, all, { cwd: folder, env }), step);
    },
    remove: async () => {
      await run('uninstall');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @returns `killed`, or what an apply said that never began the step. */
export function killAtStep(child: ChildProcessWithoutNullStreams, step: string): Promise<string> {
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as { step?: string; state?: string };
    const isIt = event.state === 'running' && event.step?.startsWith(step) === true;
    if (isIt) child.kill('SIGKILL');
  });
  return new Promise((resolve) => {
    child.once('exit', (_, signal) => resolve(signal === 'SIGKILL' ? 'killed' : said));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const at = server.address();
      server.close(() => resolve(typeof at === 'object' && at !== null ? at.port : 0));
    });
  });
}
