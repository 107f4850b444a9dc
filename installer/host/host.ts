// The machine as the installer sees it: files, commands, HTTP, clock, randomness. Everything an install
// does to the outside goes through here, so that it can be recorded and killed at any effect. Calls that
// only look are marked; every other call is an effect.

export interface Host {
  readonly files: Files;
  readonly commands: Commands;
  readonly processes: Processes;
  readonly clock: { nowMs(): number; sleep(ms: number): Promise<void> };
  /** Looks. Null when nothing answers within the time. */
  probe(url: string, timeoutMs: number): Promise<ProbeAnswer | null>;
  /** Looks: the pods of a Helm release that serve. */
  pods(release: ReleaseInCluster): Promise<readonly FoundPod[]>;
  randomHex(bytes: number): string;
  /** The machine's name, for the lock. */
  readonly hostname: string;
}

export interface ProbeAnswer {
  status: number;
  body: string;
}

export interface ReleaseInCluster {
  name: string;
  namespace: string;
  /** Of the kubeconfig; null is its current one. */
  context: string | null;
}

export interface FoundPod {
  name: string;
  ready: boolean;
  why: string;
}

export type EntryKind = 'file' | 'folder' | 'link';

export interface Files {
  /** Looks. Null when there is nothing. */
  kind(path: string): Promise<EntryKind | null>;
  /** Looks. Null when there is nothing. */
  read(path: string): Promise<string | null>;
  /** Looks: the permission bits, or null. */
  mode(path: string): Promise<number | null>;
  /** Looks: names in a folder, sorted; none when there is no folder. */
  list(path: string): Promise<readonly string[]>;
  /** Looks: where a link points, or null. */
  linkTarget(path: string): Promise<string | null>;
  makeFolder(path: string, mode: number): Promise<void>;
  /** Whole or not at all, and on the disk when it returns. */
  write(path: string, text: string, mode: number): Promise<void>;
  /** As `write`, but false when something is there already. */
  writeNew(path: string, text: string, mode: number): Promise<boolean>;
  /** Adds one line and flushes it. */
  append(path: string, line: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Makes the link or makes it point elsewhere, in one move. */
  link(path: string, target: string): Promise<void>;
  /** A file, link or whole folder; nothing when it is not there. */
  remove(path: string): Promise<void>;
  /** An empty folder; false when it stays, because something lies in it or its own folder is not ours. */
  removeEmpty(path: string): Promise<boolean>;
  /** Copies one file or a whole folder. Not atomic: copy aside, then rename. */
  copy(from: string, to: string): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
}

export interface Command {
  program: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  timeoutMs: number;
  /** Only looks: no effect is counted. */
  isLook?: boolean;
}

export interface CommandResult {
  /** Null when the program is not there or was ended. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Commands {
  run(command: Command): Promise<CommandResult>;
}

export interface Detached {
  program: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  logFile: string;
}

export interface Processes {
  readonly ownPid: number;
  readonly ownUser: { uid: number; gid: number };
  /** Looks: what tells this process from a later one with the same pid, or null when it is gone. */
  identity(pid: number): Promise<string | null>;
  /** Starts a process that outlives this one. */
  start(detached: Detached): Promise<number>;
  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL' | 'SIGHUP'): Promise<void>;
}
