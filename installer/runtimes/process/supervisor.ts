// Who keeps the server running, as the steps see it. Each supervisor knows which applied configuration the
// running server was started with, by what the server's own start wrote down.

export interface Supervisor {
  /** The file it keeps for this server. */
  readonly entry: string;
  /** Null when nothing of ours runs. */
  running(): Promise<{ applied: string } | null>;
  /** Whether it needs installing, and what differs. */
  installed(): Promise<{ ok: boolean; found: string }>;
  install(): Promise<void>;
  /** What `reinstall` needs to bring the old state back. */
  remember(): Promise<string | null>;
  reinstall(before: string | null): Promise<void>;
  /** Stops what runs, starts what `current` points to. */
  restart(): Promise<void>;
  /** Tells what runs to read its configuration anew. */
  reload(): Promise<void>;
  /** What runs has taken that applied over; `running` says so from now on. */
  note(applied: string): Promise<void>;
  stop(): Promise<void>;
  remove(): Promise<void>;
  /** Why it does not run, for an error message. */
  lastWords(): Promise<string>;
}

/** How the server is started: everything by way of `current`, so that a switch is one link. */
export interface ServerCommand {
  node: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}
