// The one command that builds the image, as words. The Docker format is asked for because OCI's has no HEALTHCHECK.

import type { BuildOptions } from './build-options.ts';
import type { SourceFacts } from './source-facts.ts';

export function buildCommand(
  options: BuildOptions,
  facts: SourceFacts & { version: string },
): string[] {
  const { engine, target, tag, isolation } = options;
  const ours = engine !== 'docker';
  return [
    ...(engine === 'buildah' ? ['buildah', 'bud', '--layers'] : [engine, 'build']),
    ...(ours ? ['--format', 'docker'] : []),
    ...(ours && isolation !== null ? ['--isolation', isolation] : []),
    ...['--target', target, '--tag', tag],
    ...argument('BASE', options.base),
    ...argument('BUILD_BASE', options.buildBase),
    ...argument('VERSION', facts.version),
    ...argument('COMMIT', facts.commit),
    ...argument('CREATED', facts.created),
    ...secret('npmrc', options.npmrc),
    ...secret('ca', options.ca),
    '.',
  ];
}

function argument(name: string, value: string): string[] {
  return ['--build-arg', `${name}=${value}`];
}

function secret(id: string, file: string | null): string[] {
  return file === null ? [] : ['--secret', `id=${id},src=${file}`];
}
