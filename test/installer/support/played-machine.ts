// A machine in memory with systemctl, podman, helm and the server itself played: small models that keep
// their own state, so that a test can kill an install at any effect and look at what is there.

import { parse as parseYaml } from 'yaml';
import type { Command, CommandResult, Detached, FoundPod } from '../../../installer/host/host.ts';
import type { MemoryEntry, MemoryTree } from '../../../installer/host/memory-files.ts';
import type { MachineModel } from '../../../installer/host/recording-host.ts';

const API_PORT_TEXT = '18080';

export interface Played extends MachineModel {
  /** How the server behaves: asked with the text of the release it runs. */
  behaviour: {
    check: 'good' | 'bad';
    migrate: 'good' | 'bad';
    serve: 'good' | 'ends' | 'never ready' | 'sick later' | 'as the old one' | 'as a stranger';
    reload: 'good' | 'refused' | 'unknown';
    /** Of an image: whether they say which build it is. */
    labels: 'told' | 'none';
    /** The names of images mean others than before. */
    rebuilt: boolean;
  };
  /** What runs, by a name of the runtime's. */
  readonly state: PlayedState;
  /** Processes that are not the server's: what tells each from a later one with its pid. */
  readonly others: Map<number, string>;
  /** Names of migrated releases or images, in order. */
  readonly migrated: string[];
}

interface PlayedState {
  /** The process or unit: what `current` pointed to when it was started. */
  process: { pid: number; applied: string } | null;
  unit: { read: string | null; enabled: boolean };
  images: Set<string>;
  containers: Map<string, { running: boolean; applied: string; image: string }>;
  helm: { status: string; chart: string; values: unknown } | null;
  helmUpgrades: number;
  /** Every revision, the oldest first. */
  helmRevisions: { chart: string; values: unknown }[];
  /** How often what runs has said that it is ready since it was started. */
  readyLooks: number;
  /** What the server read last, by the name of what was applied, and how often while it ran. */
  inForce: string | null;
  reloads: number;
}

const ok = (stdout = ''): CommandResult => ({ code: 0, stdout, stderr: '' });
const bad = (stderr: string, code = 1): CommandResult => ({ code, stdout: '', stderr });

export function playMachine(tree: MemoryTree): Played {
  const state: PlayedState = {
    process: null,
    unit: { read: null, enabled: false },
    images: new Set(),
    containers: new Map(),
    helm: null,
    helmUpgrades: 0,
    helmRevisions: [],
    readyLooks: 0,
    inForce: null,
    reloads: 0,
  };
  let nextPid = 500;
  const played: Played = {
    behaviour: {
      check: 'good',
      migrate: 'good',
      serve: 'good',
      reload: 'good',
      labels: 'told',
      rebuilt: false,
    },
    state,
    others: new Map(),
    migrated: [],
    run: (command) => {
      if (command.program.endsWith('node')) return runServerRole(played, command);
      if (command.program === 'systemctl') return systemctl(played, tree, command.args);
      if (command.program === 'podman') return podman(played, tree, command.args);
      if (command.program === 'helm') return helm(played, tree, command.args);
      if (command.program === 'journalctl') return ok('a log line');
      return bad(`${command.program}: not played`, 127);
    },
    start: (detached: Detached) => {
      const pid = (nextPid += 1);
      const [, , , file = '', current = ''] = detached.args;
      const applied = baseOfLink(tree, current);
      tree.set(file, { kind: 'file', text: `${pid} ${applied} ${pid}\n`, mode: 0o600 });
      const isEnding = played.behaviour.serve === 'ends' && applied.includes('0.2.0');
      state.process = isEnding ? null : { pid, applied };
      hasStarted(played, applied);
      return pid;
    },
    signal: (pid, signal) => {
      if (state.process?.pid !== pid) return;
      if (signal === 'SIGHUP') reload(played, currentOf(tree));
      else state.process = null;
    },
    identity: (pid) =>
      played.others.get(pid) ?? (state.process?.pid === pid ? `boot/${pid}` : null),
    probe: (url) => {
      const container = state.containers.get('sallyport');
      const serves = state.process !== null || container?.running === true;
      if (!serves || !url.includes(API_PORT_TEXT)) return null;
      if (url.endsWith('/version')) return { status: 200, body: versionBody(played, tree) };
      if (url.endsWith('?verbose')) return { status: 200, body: verboseBody(played) };
      return { status: isReady(played) ? 200 : 503, body: '{}' };
    },
    pods: (): readonly FoundPod[] => {
      if (state.helm === null) return [];
      const ready = isReady(played);
      return [{ name: 'sallyport-0', ready, why: ready ? '' : 'CrashLoopBackOff' }];
    },
  };
  return played;
}

/** Sick comes after it was well at startup and ready once. */
const WELL_LOOKS = 2;

function isReady(played: Played): boolean {
  const { state, behaviour } = played;
  if (!isNew(played)) return true;
  state.readyLooks += 1;
  if (behaviour.serve === 'sick later') return state.readyLooks <= WELL_LOOKS;
  return behaviour.serve !== 'never ready';
}

function hasStarted({ state }: Played, applied: string): void {
  state.readyLooks = 0;
  state.inForce = applied;
  state.reloads = 0;
}

function reload({ state, behaviour }: Played, applied: string): void {
  state.reloads += 1;
  if (behaviour.reload === 'good') state.inForce = applied;
}

/** As the server's own page; later than any clock of a test once it was told to reload. */
function verboseBody({ state, behaviour }: Played): string {
  if (behaviour.reload === 'unknown') return '{}';
  const isRight = behaviour.reload === 'good' || state.reloads === 0;
  const at = state.reloads === 0 ? '2000-01-01T00:00:00Z' : '2099-01-01T00:00:00Z';
  const problems = isRight ? [] : ['refused'];
  const last = { ok: isRight, at, problems };
  return JSON.stringify({ config: { last_reload: last, restart_needed: [] } });
}

function currentOf(tree: MemoryTree): string {
  const current = [...tree.keys()].find((path) => path.endsWith('/current')) ?? '';
  return baseOfLink(tree, current);
}

/** Only a release or image that says so in its name misbehaves; the one before stays good. */
function isNew({ state }: Played): boolean {
  const onMachine = state.process?.applied ?? state.containers.get('sallyport')?.applied;
  return (onMachine ?? JSON.stringify(state.helm)).includes('0.2.0');
}

function runServerRole(played: Played, { args }: Command): CommandResult {
  const [script = '', role = ''] = args;
  const kind = role === 'check' ? 'check' : 'migrate';
  if (script.includes('0.2.0') && played.behaviour[kind] === 'bad') return bad(`${kind} refused`);
  if (kind === 'migrate') played.migrated.push(script);
  return ok();
}

function systemctl(played: Played, tree: MemoryTree, args: readonly string[]): CommandResult {
  const { state, behaviour } = played;
  const [verb = ''] = args;
  const unitFile = [...tree.keys()].find((path) => path.endsWith('/sallyport.service'));
  const entry = unitFile === undefined ? undefined : tree.get(unitFile);
  const text = entry?.kind === 'file' ? entry.text : null;
  switch (verb) {
    case 'daemon-reload':
      state.unit.read = text;
      return ok();
    case 'enable':
      state.unit.enabled = true;
      return ok();
    case 'disable':
      state.unit.enabled = false;
      return ok();
    case 'is-enabled':
      return state.unit.enabled ? ok() : bad('disabled');
    case 'is-active':
      return state.process === null ? bad('inactive', 3) : ok();
    case 'show':
      return ok(state.unit.read === text ? 'no' : 'yes');
    case 'stop':
      state.process = null;
      return ok();
    case 'reload':
      reload(played, currentOf(tree));
      return ok();
    case 'restart': {
      const current = /readlink (\S+)/.exec(state.unit.read ?? '')?.[1];
      if (current === undefined) return bad('no such unit', 5);
      const applied = baseOfLink(tree, current);
      folder(tree, '/run/sallyport');
      const started: MemoryEntry = { kind: 'file', text: `applied/${applied}\n`, mode: 0o644 };
      tree.set('/run/sallyport/applied', started);
      const isEnding = behaviour.serve === 'ends' && applied.includes('0.2.0');
      state.process = isEnding ? null : { pid: 1, applied };
      hasStarted(played, applied);
      return ok();
    }
    default:
      return bad(`systemctl ${verb}: not played`);
  }
}

function podman(played: Played, tree: MemoryTree, args: readonly string[]): CommandResult {
  const { state, behaviour } = played;
  const [verb = '', second = ''] = args;
  const last = args.at(-1) ?? '';
  if (verb === 'image') {
    return state.images.has(last) ? ok(inspectedImage(played, last)) : bad('no such image');
  }
  if (verb === 'pull') {
    state.images.add(last);
    return ok();
  }
  if (verb === 'container') {
    const found = state.containers.get(last);
    if (found === undefined) return bad('Error: no such container');
    const { running, applied } = found;
    const labels = { 'sallyport.applied': applied };
    return ok(JSON.stringify([{ State: { Running: running }, Config: { Labels: labels } }]));
  }
  if (verb === 'logs') return ok('a log line');
  if (verb === 'run') return podmanRun(played, tree, args);
  const container = state.containers.get(verb === 'rename' ? second : last);
  if (container === undefined) return bad('Error: no such container');
  if (verb === 'kill') reload(played, servingOf(tree));
  else if (verb === 'rename') {
    if (state.containers.has(last)) return bad(`the name ${last} is in use`);
    state.containers.delete(second);
    state.containers.set(last, container);
  } else if (verb === 'rm') state.containers.delete(last);
  else {
    const isEnding = behaviour.serve === 'ends' && container.image.includes('0.2.0');
    container.running = verb === 'start' && !isEnding;
  }
  return ok();
}

function inspectedImage({ behaviour }: Played, image: string): string {
  const labels = {
    'org.opencontainers.image.version': image.split(':').at(-1),
    'org.opencontainers.image.revision': 'c0ffee',
  };
  const Id = `sha256:${behaviour.rebuilt ? 'rebuilt-' : ''}${image}`;
  return JSON.stringify([
    behaviour.labels === 'told' ? { Id, Config: { Labels: labels } } : { Id },
  ]);
}

function servingOf(tree: MemoryTree): string {
  const serving = [...tree.keys()].find((path) => path.endsWith('/applied/serving')) ?? '';
  return baseOfLink(tree, serving);
}

function podmanRun(played: Played, tree: MemoryTree, args: readonly string[]): CommandResult {
  const { state, behaviour, migrated } = played;
  const value = (option: string): string => args[args.indexOf(option) + 1] ?? '';
  const name = value('--name');
  const role = args.at(-3) ?? '';
  const image = args.at(-4) ?? '';
  const isNewImage = image.includes('0.2.0');
  if (state.containers.has(name)) return bad(`the name ${name} is in use`);
  if (role === 'all') {
    const isOther = [...state.containers.values()].some(({ running }) => running);
    if (isOther) return bad('the port is in use');
    const applied = value('--label').replace('sallyport.applied=', '');
    const running = !(isNewImage && behaviour.serve === 'ends');
    state.containers.set(name, { running, applied, image });
    hasStarted(played, servingOf(tree));
    return ok();
  }
  const kind = role === 'check' ? 'check' : 'migrate';
  if (isNewImage && behaviour[kind] === 'bad') return bad(`${kind} refused`);
  if (kind === 'migrate') migrated.push(image);
  return ok();
}

function helm(
  { state, behaviour }: Played,
  tree: MemoryTree,
  args: readonly string[],
): CommandResult {
  const [verb = '', second = ''] = args;
  if (verb === 'version') return ok('v4.0.0');
  if (verb === 'list') {
    const { helm: found } = state;
    const row = {
      name: 'sallyport',
      status: found?.status,
      chart: found?.chart,
      revision: String(state.helmRevisions.length),
    };
    return ok(JSON.stringify(found === null ? [] : [row]));
  }
  if (verb === 'get') return ok(JSON.stringify(state.helm?.values ?? {}));
  if (verb === 'uninstall') {
    state.helm = null;
    return ok();
  }
  if (verb === 'rollback') {
    const before = state.helmRevisions[Number(args[2]) - 1];
    if (before === undefined) return bad(`no revision ${args[2]}`);
    deploy(state, before);
    return ok();
  }
  if (verb !== 'upgrade') return bad(`helm ${verb} ${second}: not played`);
  state.helmUpgrades += 1;
  const file = args[args.indexOf('--values') + 1] ?? '';
  const entry = tree.get(file);
  if (entry?.kind !== 'file') return bad(`no values at ${file}`);
  const isRolledOut = behaviour.serve === 'good' || behaviour.serve === 'sick later';
  if (!isRolledOut) return bad('release failed, and has been rolled back');
  deploy(state, { chart: 'sallyport-0.1.0', values: valuesOf(entry.text) });
  return ok();
}

function deploy(state: PlayedState, revision: { chart: string; values: unknown }): void {
  state.helmRevisions.push(revision);
  state.helm = { status: 'deployed', ...revision };
  state.readyLooks = 0;
}

function valuesOf(text: string): unknown {
  return parseYaml(text);
}

function versionBody(played: Played, tree: MemoryTree): string {
  const { state, behaviour } = played;
  if (isNew(played) && behaviour.serve === 'as a stranger') return '<h1>It works!</h1>';
  const isOld = isNew(played) && behaviour.serve === 'as the old one';
  const version = isOld ? '0.1.0' : versionOf(state, tree);
  return JSON.stringify({ version, commit: 'c0ffee' });
}

/** Of the container's image, or of the release that the process was started from. */
function versionOf({ process, containers }: PlayedState, tree: MemoryTree): string {
  if (process === null) return containers.get('sallyport')?.image.split(':').at(-1) ?? '';
  const link = [...tree.keys()].find((path) =>
    path.endsWith(`/applied/${process.applied}/release`),
  );
  return link === undefined ? '' : baseOfLink(tree, link).slice(0, 5);
}

function baseOfLink(tree: MemoryTree, path: string): string {
  const entry = tree.get(path);
  return entry?.kind === 'link' ? (entry.target.split('/').at(-1) ?? '') : '';
}

export function folder(tree: MemoryTree, path: string): void {
  const parts = path.split('/').slice(1);
  parts.forEach((_, index) => {
    const at = `/${parts.slice(0, index + 1).join('/')}`;
    if (!tree.has(at)) tree.set(at, { kind: 'folder', mode: 0o755 });
  });
}

/** A release small enough to kill its copying at every file. */
export function putRelease(tree: MemoryTree, at: string, version: string): void {
  const put = (path: string, text: string): void => {
    folder(tree, `${at}/${path}`.replace(/\/[^/]+$/, ''));
    tree.set(`${at}/${path}`, { kind: 'file', text, mode: 0o644 });
  };
  put('package.json', JSON.stringify({ version }));
  put('package-lock.json', JSON.stringify({ packages: { '': {}, 'node_modules/koa': {} } }));
  put('build.json', JSON.stringify({ commit: 'c0ffee' }));
  put('config/trust/root.json', '{"signed":{}}');
  put('server/main.ts', `// ${version}`);
  put('migrations/index.ts', '');
  put('node_modules/koa/index.js', '');
  for (const name of ['installer', 'scripts', 'simulators']) put(`${name}/main.ts`, '');
}
