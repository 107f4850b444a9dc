// Containers of the tests, run the way docs/image.md says: no capability, read-only root, any UID. Each is
// removed with its volumes. IMAGE, IMAGE_EVALUATION and CONTAINER_ENGINE choose others than the defaults.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ROOT } from '../support/spawn-appliance.ts';
import { until } from '../support/until.ts';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
};

export const ENGINE = process.env['CONTAINER_ENGINE'] ?? 'podman';
export const IMAGE = process.env['IMAGE'] ?? `localhost/sallyport:${version}`;
export const EVALUATION =
  process.env['IMAGE_EVALUATION'] ?? `localhost/sallyport-evaluation:${version}`;
export const BASE = labelOf(IMAGE, 'org.opencontainers.image.base.name');
export const WALLS = [
  ...['--network', 'host', '--read-only', '--cap-drop', 'all'],
  ...['--security-opt', 'no-new-privileges'],
];
const READY_MAX_MS = 60_000;

export interface Container {
  id: string;
  api: string;
  exec(...words: string[]): { status: number | null; output: string };
  logs(): string;
  signal(name: string): void;
  start(): Promise<void>;
  ready(): Promise<void>;
  /** The exit code, once it has ended. */
  ended(withinMs?: number): Promise<number>;
}

export interface ContainerOptions {
  user?: string;
  args?: readonly string[];
  flags?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** What is waited for before it is returned: that it serves, or only that it was started. */
  until?: 'ready' | 'started';
}

const running = new Set<string>();

export async function startContainer(options: ContainerOptions = {}): Promise<Container> {
  const [port, gatewayPort] = [await freePort(), await freePort()];
  const env = {
    SALLYPORT_HTTP_PORT: String(port),
    SALLYPORT_GATEWAY_PORT: String(gatewayPort),
    SALLYPORT_BOOTSTRAP_ORGANIZATION: 'Example',
    ...options.env,
  };
  const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const user = ['--user', options.user ?? '12345:0'];
  const id = engine(
    ...['run', '--detach', ...WALLS, ...user, ...variables, ...(options.flags ?? [])],
    ...[IMAGE, ...(options.args ?? [])],
  );
  running.add(id);
  const container = containerOf(id, `http://127.0.0.1:${port}`);
  if (options.until !== 'started') await container.ready();
  return container;
}

function containerOf(id: string, api: string): Container {
  const state = (): { Status: string; ExitCode: number } =>
    JSON.parse(engine('inspect', '--format', '{{json .State}}', id)) as ReturnType<typeof state>;
  const logs = (): string => {
    const { stdout, stderr } = spawnSync(ENGINE, ['logs', id], { encoding: 'utf8' });
    return stdout + stderr;
  };
  const ready = async (): Promise<void> => {
    await until(
      `${api}/readyz`,
      async () => {
        if (state().Status === 'exited') throw new Error(`the container ended:\n${logs()}`);
        return fetch(`${api}/readyz`).then(
          (response) => response.ok,
          () => false,
        );
      },
      READY_MAX_MS,
    );
  };
  return {
    id,
    api,
    logs,
    ready,
    exec: (...words) => {
      const { status, stdout, stderr } = spawnSync(ENGINE, ['exec', id, ...words], {
        encoding: 'utf8',
      });
      return { status, output: (stdout + stderr).trim() };
    },
    signal: (name) => void engine('kill', '--signal', name, id),
    start: async () => {
      engine('start', id);
      await ready();
    },
    ended: async (withinMs = 30_000) => {
      await until('the end of the container', () => state().Status === 'exited', withinMs);
      return state().ExitCode;
    },
  };
}

/** The folder of a test's own key, as bootstrap wrote it. */
export function apiKeyOf(container: Container): string {
  return container.exec('cat', '/var/lib/sallyport/bootstrap-api-key').output;
}

/** For `afterEach`: nothing is left behind. */
export function removeContainers(): void {
  for (const id of running) spawnSync(ENGINE, ['rm', '--force', '--time', '1', '--volumes', id]);
  running.clear();
}

/** Runs to its end; what it wrote and its exit code. */
export function runOnce(
  image: string,
  args: readonly string[],
  flags: readonly string[] = [],
): { status: number | null; output: string } {
  const words = ['run', '--rm', ...WALLS, '--user', '12345:0', ...flags, image, ...args];
  const { status, stdout, stderr } = spawnSync(ENGINE, words, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

/** The same in a network of its own in which there is nothing but loopback. Needs root. */
export async function runCutOff(
  image: string,
  args: readonly string[],
  flags: readonly string[] = [],
): Promise<{ status: number | null; output: string }> {
  const words = ['run', '--rm', ...WALLS, '--user', '12345:0', ...flags, image, ...args];
  const child = spawn(
    'unshare',
    ['-n', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ENGINE, ...words],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { status, output };
}

export function engine(...words: string[]): string {
  return execFileSync(ENGINE, words, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 * 1024 * 1024,
  }).trim();
}

export function labelOf(image: string, name: string): string {
  return engine(
    'inspect',
    '--type',
    'image',
    '--format',
    `{{index .Config.Labels "${name}"}}`,
    image,
  );
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
