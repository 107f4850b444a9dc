// The commands of docs/install.md, read from the page and run as they stand there, in a copy of this checkout:
// what a new user types.

import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../support/spawn-appliance.ts';

export interface Checkout {
  folder: string;
  /** In a shell, as a person would; the seconds it took are printed. */
  type(command: string): Promise<Typed>;
  remove(): void;
}

interface Typed {
  code: number | null;
  output: string;
}

/** What a checkout has; git's folder is left out, and the packages are those of this one. */
const COPIED = [
  ...['config', 'helm', 'installer', 'migrations', 'scripts', 'server', 'simulators'],
  ...['package.json', 'package-lock.json'],
];
/** Of the REST API, the gateway and the simulated providers: the page's commands choose no others. */
const PORTS = [8080, 8443, 12_111, 12_112, 12_121, 12_122];

/** The lines of the first shell block below a heading. */
export function documentedCommands(heading: string): readonly string[] {
  const page = readFileSync(join(ROOT, 'docs/install.md'), 'utf8');
  const section = page.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? '';
  const block = /```sh\n([\s\S]*?)```/.exec(section)?.[1];
  if (block === undefined) throw new Error(`docs/install.md: expected commands at ${heading}`);
  return block.trimEnd().split('\n');
}

export async function makeCheckout(): Promise<Checkout> {
  for (const port of PORTS) await requireFree(port);
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-checkout-'));
  for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return {
    folder,
    type: (command) => runShell(command, folder),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function runShell(command: string, cwd: string): Promise<Typed> {
  const startedAtMs = Date.now();
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', command], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => void (output += chunk.toString()));
    }
    child.once('error', reject);
    child.once('close', (code) => {
      const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
      process.stderr.write(`${seconds} s  ${command}\n`);
      resolve({ code, output });
    });
  });
}

function requireFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) =>
      reject(
        new Error(`expected port ${port} to be free, as docs/install.md needs it`, {
          cause: error,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
}
