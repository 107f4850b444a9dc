// A real install of the process runtime in a temporary folder, driven by the real command. Releases are
// frozen copies of this checkout, so that an edit in it changes nothing under the test.

import { execFile, spawn, spawnSync } from 'node:child_process';
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
  /** Runs `apply` and kills it with SIGKILL as soon as the step is begun. */
  applyAndKill(step: string, ...args: string[]): Promise<boolean>;
  remove(): Promise<void>;
}

const MAIN = 'installer/main.ts';

/** @returns the folder of a frozen release. */
export async function freezeRelease(folder: string): Promise<string> {
  const host = realHost();
  const release = await readRelease(host, ROOT);
  await stageRelease(host, layoutOf(folder), release).run();
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

export async function makeBox(cli: string): Promise<RealBox> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-box-'));
  const [home, file] = [join(folder, 'home'), join(folder, 'appliance.yaml')];
  const [port, gatewayPort] = [await freePort(), await freePort()];
  const command = (args: readonly string[]): string[] => [join(cli, MAIN), ...args];
  const run = (...args: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      execFile(process.execPath, command(args), { cwd: folder }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
        resolve({ code, stdout, stderr });
      });
    });
  const flags = ['--supervisor', 'pidfile', '--home', home, '--yes'];
  const ports = ['--port', String(port), '--gateway-port', String(gatewayPort)];
  const made = await run('init', '--profile', 'evaluation', ...flags, ...ports);
  if (made.code !== 0) throw new Error(made.stderr);
  return {
    folder,
    home,
    file,
    api: `http://127.0.0.1:${port}`,
    run,
    applyAndKill: (step, ...args) =>
      new Promise((resolve) => {
        const all = command(['apply', '--json', ...args]);
        const child = spawn(process.execPath, all, {
          cwd: folder,
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        createInterface({ input: child.stdout }).on('line', (line) => {
          const event = JSON.parse(line) as { step?: string; state?: string };
          if (event.state === 'running' && event.step?.startsWith(step) === true) {
            child.kill('SIGKILL');
          }
        });
        child.once('exit', (_, signal) => resolve(signal === 'SIGKILL'));
      }),
    remove: async () => {
      await run('uninstall');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const at = server.address();
      server.close(() => resolve(typeof at === 'object' && at !== null ? at.port : 0));
    });
  });
}
