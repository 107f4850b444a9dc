// The container engine: there, new enough, and able to run the image as the appliance will run.

import { join } from 'node:path';
import { type Check, fail, type Finding, judge, pass, skip } from '../check.ts';
import type { PreflightContext } from '../check.ts';
import type { PreflightHost } from '../host.ts';

const CONTAINER = ['container'] as const;
/** Secrets as files, `--read-only` with tmpfs, and health checks behave alike from these on. */
const VERSIONS_MIN = { podman: [4, 0], docker: [20, 10] } as const;
const LABEL = 'org.opencontainers.image';
const RUN_TIMEOUT_MS = 60_000;
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

export const CONTAINER_CHECKS: readonly Check[] = [
  {
    id: 'engine-version',
    title: 'The container engine is there and new enough',
    severity: 'fail',
    runtimes: CONTAINER,
    doc: 'podman from 4.0 or Docker from 20.10 on; for Docker its daemon must answer.',
    remedy:
      'Install the engine (apt-get install podman, or your distribution’s Docker), start its daemon, or choose the other in container.engine.',
    check: withEngine(async (host, { engine }) => {
      const format = engine === 'docker' ? '{{.Server.Version}}' : '{{.Client.Version}}';
      const { code, stdout, stderr } = await host.run(engine, ['version', '--format', format]);
      if (code === null) return fail(`${engine} is not installed`);
      if (code !== 0) return fail(`${engine} does not answer: ${firstLine(stderr)}`);
      const version = stdout.trim();
      const [major = 0, minor = 0] = version.split('.').map(Number);
      const [majorMin, minorMin] = VERSIONS_MIN[engine];
      const isNew = major > majorMin || (major === majorMin && minor >= minorMin);
      return isNew ? pass(`${engine} ${version}`) : fail(`${engine} ${version}`);
    }),
  },
  {
    id: 'image-present',
    title: 'The image is on this machine',
    severity: 'fail',
    runtimes: CONTAINER,
    doc: 'Nothing is downloaded while applying. The image comes with the release, or from your registry, before.',
    remedy:
      'Load it (podman load -i FILE) or pull it from your registry, by the name in container.image.',
    check: withEngine(async (host, { engine, image }) => {
      const asked = ['image', 'inspect', '--format', '{{.Id}}', image];
      const { code, stdout } = await host.run(engine, asked);
      if (code === 0) return pass(`${image}, ${shortId(stdout)}`);
      const near = await imagesLike(host, { engine, image });
      const hint = near.length === 0 ? '' : `; there is ${near.join(', ')}`;
      return fail(`there is no image ${image}${hint}`);
    }),
  },
  {
    id: 'image-architecture',
    title: 'The image is made for this processor',
    severity: 'fail',
    runtimes: CONTAINER,
    doc: 'An image for another processor is loaded without a word and does not start.',
    remedy: 'Load the image of this release for the architecture of the machine.',
    check: withEngine(async (host, { engine, image }) => {
      const asked = ['image', 'inspect', '--format', '{{.Architecture}}', image];
      const { code, stdout } = await host.run(engine, asked);
      if (code !== 0) return skip('there is no image yet');
      const wanted = ARCHITECTURES[host.node.arch] ?? host.node.arch;
      const found = `the image is for ${stdout.trim()}, the machine is ${wanted}`;
      return stdout.trim() === wanted ? pass(found) : fail(found);
    }),
  },
  {
    id: 'engine-runs-read-only',
    title: 'The engine runs the image read-only and without rights',
    severity: 'fail',
    runtimes: CONTAINER,
    doc: 'The appliance runs with a read-only root, no capability and no new privileges. It is tried with the image: Node says its version and ends.',
    remedy:
      'Read what the engine says; rootless podman needs subordinate ids (/etc/subuid) and fuse-overlayfs or kernel 5.13.',
    check: withEngine(async (host, { engine, image }) => {
      const present = await host.run(engine, ['image', 'inspect', '--format', '{{.Id}}', image]);
      if (present.code !== 0) return skip('there is no image yet');
      const { code, stdout, stderr } = await host.run(
        engine,
        [
          'run',
          ...[
            '--rm',
            '--no-healthcheck',
            '--read-only',
            '--cap-drop',
            'all',
            '--security-opt',
            'no-new-privileges',
          ],
          ...['--entrypoint', 'node', image, '--version'],
        ],
        { timeoutMs: RUN_TIMEOUT_MS },
      );
      return code === 0
        ? pass(`Node ${stdout.trim()} ran in it`)
        : fail(code === null ? 'it did not end in time' : firstLine(stderr));
    }),
  },
  {
    id: 'image-release',
    title: 'The image is of the release that installs it',
    severity: 'warn',
    runtimes: CONTAINER,
    doc: 'Checks, migrations and the backup format are those of the release that this command belongs to; an image of another one may need others.',
    remedy: 'Use the sallyport command of the release that the image was built from, or its image.',
    check: withEngine(async (host, { engine, image }, { release }) => {
      const format = `{{index .Config.Labels "${LABEL}.version"}} {{index .Config.Labels "${LABEL}.revision"}}`;
      const asked = ['image', 'inspect', '--format', format, image];
      const { code, stdout } = await host.run(engine, asked);
      if (code !== 0) return skip('there is no image yet');
      const [version = '', commit = ''] = stdout.trim().split(' ');
      if (!/^\d/.test(version)) return skip('the image does not say its version');
      const own = await ownCommit(host, release.root);
      const isOther = own !== null && /^[0-9a-f]{7,}$/.test(commit) && own !== commit;
      return judge(
        [
          ...(version === release.version
            ? []
            : [`the image is ${version}, this command ${release.version}`]),
          ...(isOther ? [`the image is of commit ${commit}, this command of ${own}`] : []),
        ],
        `${version}, commit ${commit}`,
      );
    }),
  },
  {
    id: 'image-pinned',
    title: 'The image has a name that does not move',
    severity: 'warn',
    runtimes: ['container', 'helm'],
    doc: 'latest, or no tag at all, means another image tomorrow, which plan cannot see.',
    remedy: 'Name the image with the version of the release or with its digest (@sha256:…).',
    check: async (_host, { target: { image } }) => {
      if (image === null) return skip('no image is named');
      const name = image.slice(image.lastIndexOf('/') + 1);
      return judge(
        /@sha256:[0-9a-f]{64}$/.test(image) || (/:/.test(name) && !name.endsWith(':latest'))
          ? []
          : [`${image} may mean another image tomorrow`],
        image,
      );
    },
  },
];

/** The stamp of a release; a checkout asks git. */
async function ownCommit(host: PreflightHost, root: string): Promise<string | null> {
  const stamp = await host.readText(join(root, 'build.json'));
  if (stamp !== null) return (JSON.parse(stamp) as { commit?: string }).commit ?? null;
  const { code, stdout } = await host.run('git', ['-C', root, 'rev-parse', 'HEAD']);
  return code === 0 ? stdout.trim() : null;
}

const NEAR_MAX = 5;

/** Of the same last word, whatever registry or tag: `sallyport:0.1.0` for `localhost/sallyport:0.1.0`. */
async function imagesLike(host: PreflightHost, { engine, image }: Engine): Promise<string[]> {
  const asked = ['images', '--format', '{{.Repository}}:{{.Tag}}'];
  const { code, stdout } = await host.run(engine, asked);
  if (code !== 0) return [];
  const word = lastWord(image);
  return [...new Set(stdout.split('\n').map((line) => line.trim()))]
    .filter((name) => name !== '' && lastWord(name) === word)
    .slice(0, NEAR_MAX);
}

function lastWord(image: string): string {
  return (image.split('/').at(-1) ?? image).replace(/[:@].*$/, '');
}

interface Engine {
  engine: 'podman' | 'docker';
  image: string;
}

function withEngine(
  look: (host: PreflightHost, engine: Engine, context: PreflightContext) => Promise<Finding>,
): Check['check'] {
  return async (host, context: PreflightContext) => {
    const { engine, image } = context.target;
    return engine === null || image === null
      ? skip('no engine or image is named')
      : look(host, { engine, image }, context);
  };
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}

function shortId(text: string): string {
  return text
    .trim()
    .replace(/^sha256:/, '')
    .slice(0, 12);
}
