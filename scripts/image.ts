// `npm run image`: builds the container image from the Dockerfile with docker, podman or buildah. Prints the
// name it got on its last line. `--help` lists the options; docs/image.md has the rest.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildCommand } from './image/build-command.ts';
import { sourceFacts } from './image/source-facts.ts';
import { BuildOptionsError, readBuildOptions, USAGE } from './image/build-options.ts';

const ROOT = join(import.meta.dirname, '..');

process.exitCode = build(process.argv.slice(2));

function build(argv: string[]): number {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  try {
    const options = readBuildOptions(argv, { version, env: process.env });
    if (options === null) {
      console.log(USAGE);
      return 0;
    }
    const [command = '', ...args] = buildCommand(options, { version, ...sourceFacts(ROOT) });
    const { status, error } = spawnSync(command, args, {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, DOCKER_BUILDKIT: '1' },
    });
    if (error !== undefined) throw error;
    if (status === 0) console.log(options.tag);
    return status ?? 1;
  } catch (error) {
    console.error(`npm run image: ${(error as Error).message}`);
    return error instanceof BuildOptionsError ? 2 : 1;
  }
}
