// The edge of the configuration: a real command in a process of its own, with an environment of its own.

import { spawn } from 'node:child_process';
import { ROOT } from '../support/spawn-appliance.ts';
import { join } from 'node:path';
import { writeFile } from '../config/written-files.ts';
import type { BadAnswer } from './bad-case.ts';

export interface Command {
  /** Below the root of the sources. */
  program: 'installer/main.ts' | 'server/main.ts';
  argv: readonly string[];
  env?: Readonly<Record<string, string>>;
}

const ENDS_MAX_MS = 30_000;

/** Standard output and error together: a person sees both. */
export function runCommand({ program, argv, env = {} }: Command): Promise<BadAnswer> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('SALLYPORT_') && name !== 'NODE_OPTIONS',
  );
  const child = spawn(process.execPath, [join(ROOT, program), ...argv], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: ENDS_MAX_MS,
    killSignal: 'SIGKILL',
  });
  const text: string[] = [];
  for (const pipe of [child.stdout, child.stderr]) {
    pipe.setEncoding('utf8').on('data', (chunk: string) => text.push(chunk));
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({ code: `exit ${code ?? signal}`, message: text.join('').trim() }),
    );
  });
}

/** `sallyport config check` over one file. */
export function checkFile(text: string): Promise<BadAnswer> {
  const file = writeFile('site.yaml', text);
  return runCommand({
    program: 'installer/main.ts',
    argv: ['config', 'check', '--config', file],
  });
}
