// Podman or Docker by their common command line. Looks are told from effects; what fails throws with what
// the engine said.

import type { CommandResult, Host } from '../../host/host.ts';
import type { ExpectedBuild } from '../well.ts';

export interface FoundContainer {
  running: boolean;
  /** Which applied configuration it was made for. */
  applied: string;
}

export interface Engine {
  hasImage(image: string): Promise<boolean>;
  /** What the name means today, in hex; null when it is not here. */
  imageId(image: string): Promise<string | null>;
  /** By the image's own labels; null what it does not say. */
  buildOf(image: string): Promise<ExpectedBuild>;
  load(archive: string): Promise<void>;
  pull(image: string): Promise<void>;
  /** Null when there is none of that name. */
  find(name: string): Promise<FoundContainer | null>;
  run(args: readonly string[], timeoutMs: number): Promise<void>;
  start(name: string): Promise<void>;
  stop(name: string, graceMs: number): Promise<void>;
  /** SIGHUP. */
  hangUp(name: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  lastWords(name: string): Promise<string>;
}

export const APPLIED_LABEL = 'sallyport.applied';

const COMMAND_LIMIT_MS = 120_000;
const IMAGE_LIMIT_MS = 1_800_000;
/** What the Dockerfile writes where nobody told it. */
const UNKNOWN = 'unknown';
const LAST_LINES = 12;
const SHOWN_CHARACTERS = 2_000;

interface Inspected {
  Id?: string;
  State?: { Running?: boolean };
  Config?: { Labels?: Record<string, string> | null } | null;
}

export function containerEngine(host: Host, program: 'podman' | 'docker'): Engine {
  const ask = (args: readonly string[]): Promise<CommandResult> =>
    host.commands.run({ program, args, timeoutMs: COMMAND_LIMIT_MS, isLook: true });
  const must = async (args: readonly string[], timeoutMs = COMMAND_LIMIT_MS): Promise<void> => {
    const { code, stdout, stderr } = await host.commands.run({ program, args, timeoutMs });
    if (code === 0) return;
    const words = `${stdout}\n${stderr}`.trim().slice(-SHOWN_CHARACTERS);
    throw new Error(`${program} ${args[0]}: expected exit code 0, found ${code}:\n${words}`);
  };
  return {
    hasImage: async (image) => (await ask(['image', 'inspect', image])).code === 0,
    imageId: async (image) => {
      const { code, stdout } = await ask(['image', 'inspect', image]);
      const [found] = code === 0 ? (JSON.parse(stdout) as Inspected[]) : [];
      return found?.Id?.replace(/^sha256:/, '') ?? null;
    },
    buildOf: async (image) => {
      const { code, stdout } = await ask(['image', 'inspect', image]);
      const [found] = code === 0 ? (JSON.parse(stdout) as Inspected[]) : [];
      const label = (name: string): string | null => {
        const value = found?.Config?.Labels?.[`org.opencontainers.image.${name}`];
        return value === undefined || value === UNKNOWN || value === '' ? null : value;
      };
      return { version: label('version'), commit: label('revision') };
    },
    load: (archive) => must(['load', '--input', archive], IMAGE_LIMIT_MS),
    pull: (image) => must(['pull', image], IMAGE_LIMIT_MS),
    find: async (name) => {
      const { code, stdout, stderr } = await ask(['container', 'inspect', name]);
      if (code !== 0 && /no such/i.test(stderr)) return null;
      if (code !== 0)
        throw new Error(`${program} container inspect: found exit code ${code}: ${stderr}`);
      const [found] = JSON.parse(stdout) as Inspected[];
      return {
        running: found?.State?.Running === true,
        applied: found?.Config?.Labels?.[APPLIED_LABEL] ?? '',
      };
    },
    run: (args, timeoutMs) => must(['run', ...args], timeoutMs),
    start: (name) => must(['start', name]),
    stop: (name, graceMs) =>
      must(['stop', '--time', String(Math.ceil(graceMs / 1000)), name], graceMs + COMMAND_LIMIT_MS),
    hangUp: (name) => must(['kill', '--signal', 'HUP', name]),
    rename: (from, to) => must(['rename', from, to]),
    remove: (name) => must(['rm', '--force', name]),
    lastWords: async (name) => {
      const { stdout, stderr } = await ask(['logs', '--tail', String(LAST_LINES), name]);
      return `${stdout}\n${stderr}`.trim();
    },
  };
}
