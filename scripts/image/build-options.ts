// What `npm run image` may be told, and what it assumes. Wrong input is named with what was expected.

import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';

const ENGINES = ['buildah', 'podman', 'docker'] as const;
const TARGETS = ['production', 'evaluation'] as const;

export type Engine = (typeof ENGINES)[number];
export type Target = (typeof TARGETS)[number];

export interface BuildOptions {
  engine: Engine;
  target: Target;
  base: string;
  buildBase: string;
  tag: string;
  /** How buildah and podman isolate a build step; null leaves it to them. */
  isolation: string | null;
  /** Files for npm inside the build, or null: its settings, and the authority of its mirror. */
  npmrc: string | null;
  ca: string | null;
}

export class BuildOptionsError extends Error {}

export const USAGE = `usage: npm run image -- [options]
  --base IMAGE        what it stands on: Debian-like, Node 24 in it (default: node:24-bookworm-slim)
  --build-base IMAGE  what fetches the packages: npm besides (default: the base)
  --engine ENGINE     ${ENGINES.join(', ')} (default: the first of them in the PATH)
  --target TARGET     ${TARGETS.join(', ')} (default: production)
  --tag NAME          of the image (default: localhost/sallyport:VERSION, or localhost/sallyport-evaluation:VERSION)
  --isolation KIND    of buildah and podman, for example chroot
  --npmrc FILE        npm's settings for the build, such as a mirror (default: the user's own, when there is one)
  --ca FILE           certificates npm trusts besides its own (default: NODE_EXTRA_CA_CERTS)`;

/** @returns null when help was asked for. @throws BuildOptionsError */
export function readBuildOptions(
  argv: string[],
  { version, env }: { version: string; env: Readonly<Record<string, string | undefined>> },
): BuildOptions | null {
  const given = parse(argv);
  if (given.help === true) return null;
  const target = oneOf('--target', given.target ?? 'production', TARGETS);
  const base = given.base ?? 'node:24-bookworm-slim';
  const name = target === 'production' ? 'sallyport' : 'sallyport-evaluation';
  return {
    engine: given.engine === undefined ? findEngine(env) : oneOf('--engine', given.engine, ENGINES),
    target,
    base,
    buildBase: given['build-base'] ?? base,
    tag: given.tag ?? `localhost/${name}:${version}`,
    isolation: given.isolation ?? null,
    npmrc:
      fileAt('--npmrc', given.npmrc) ??
      fileIfThere(env['npm_config_userconfig'] ?? join(homedir(), '.npmrc')),
    ca: fileAt('--ca', given.ca) ?? fileIfThere(env['NODE_EXTRA_CA_CERTS']),
  };
}

function parse(argv: string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: argv,
      options: {
        ...{ base: text, 'build-base': text, engine: text, target: text, tag: text },
        ...{ isolation: text, npmrc: text, ca: text, help: { type: 'boolean' } },
      },
    }).values;
  } catch (error) {
    throw new BuildOptionsError(`${(error as Error).message}\n${USAGE}`, { cause: error });
  }
}

function oneOf<Value extends string>(name: string, found: string, of: readonly Value[]): Value {
  const value = of.find((each) => each === found);
  if (value !== undefined) return value;
  throw new BuildOptionsError(`${name}: expected one of ${of.join(', ')}, found ${found}.`);
}

function findEngine(env: Readonly<Record<string, string | undefined>>): Engine {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = ENGINES.find((engine) => folders.some((folder) => canRun(join(folder, engine))));
  if (found !== undefined) return found;
  throw new BuildOptionsError(`--engine: expected ${ENGINES.join(', ')} in the PATH, found none.`);
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to run: look further.
    return false;
  }
}

function fileAt(name: string, file: string | undefined): string | null {
  if (file === undefined || existsSync(file)) return file ?? null;
  throw new BuildOptionsError(`${name}: expected a file, found none at ${file}.`);
}

function fileIfThere(file: string | undefined): string | null {
  return file !== undefined && existsSync(file) ? file : null;
}
