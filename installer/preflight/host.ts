// What a preflight check may ask of the machine and of what lies around it. Nothing here changes
// anything that stays: a probe of the disk removes its own file. Answers say "not there" as a value;
// what is thrown is unexpected and fails the check that asked.

import type { Environment } from '../../config/environment-layer.ts';

export interface PreflightHost {
  readonly node: NodeFacts;
  readonly env: Environment;
  machine(): MachineFacts;
  /** Milliseconds since 1970, by the machine's clock. */
  nowMs(): number;
  /** Null when there is no such file, or no permission to read it. */
  readText(file: string): Promise<string | null>;
  /** Null when there is nothing. Links are followed. */
  stat(path: string): Promise<FileFacts | null>;
  /** Names in a folder; empty when there is none. */
  list(folder: string): Promise<readonly string[]>;
  /** Of the filesystem that holds the path. */
  statfs(path: string): Promise<FilesystemFacts>;
  /** Whether this process can make and remove a file in the folder. */
  canWrite(folder: string): Promise<boolean>;
  /** Milliseconds of each of some small appends with an fsync, in a file that is removed again. */
  measureSync(folder: string, count: number): Promise<readonly number[]>;
  /** Never throws: a command that is not there has `code` null. */
  run(command: string, args: readonly string[], limits?: RunLimits): Promise<CommandResult>;
  /** Addresses of a name; empty when it does not resolve. */
  resolve(name: string): Promise<readonly string[]>;
  /** Tries to listen there, and stops at once. */
  portState(host: string, port: number): Promise<PortState>;
  /** A GET that follows nothing. */
  request(url: string, options: RequestOptions): Promise<HttpOutcome>;
  /** What a Postgres server says of itself and of us. */
  postgres(login: PostgresLogin, asks: PostgresAsks): Promise<PostgresOutcome>;
  /** What an SQLite file says of itself; it is opened read-only. */
  sqlite(file: string): Promise<SqliteOutcome>;
  /** The cluster of a context of the kubeconfig (null: the current one), or why it cannot be asked. */
  cluster(context: string | null): Promise<ClusterOutcome>;
}

export interface NodeFacts {
  /** `24.21.0` */
  version: string;
  platform: string;
  arch: string;
  execPath: string;
  /** Null without glibc (musl). */
  glibc: string | null;
}

export interface MachineFacts {
  cpus: number;
  /** Every address of every interface. */
  addresses: readonly string[];
  hostname: string;
  uid: number;
  gid: number;
}

export interface FileFacts {
  kind: 'file' | 'folder' | 'other';
  /** Permission bits only. */
  mode: number;
  uid: number;
  gid: number;
  size: number;
  modifiedMs: number;
}

export interface FilesystemFacts {
  /** The magic number of statfs(2). */
  type: number;
  bytesTotal: number;
  bytesFree: number;
  /** 0 where the filesystem makes inodes as it needs them. */
  inodesTotal: number;
  inodesFree: number;
}

interface RunLimits {
  timeoutMs?: number;
  env?: Readonly<Record<string, string>>;
}

export interface CommandResult {
  /** Null when the command is not there, was ended by a signal or took too long. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** `not_here`: the address is not one of this machine. `forbidden`: a privileged port. */
export type PortState = 'free' | 'in_use' | 'not_here' | 'forbidden';

export interface RequestOptions {
  timeoutMs: number;
  /** `http://proxy.example.com:3128`, and `user:password` for it. */
  proxy?: { url: string; password: string | null };
  /** PEM. */
  ca?: string;
}

export type HttpOutcome =
  | { ok: true; status: number; body: string }
  /** `code` is that of Node or of the proxy, such as ECONNREFUSED or SELF_SIGNED_CERT_IN_CHAIN. */
  | { ok: false; code: string };

export interface PostgresLogin {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  ssl: { ca?: string; rejectUnauthorized: boolean } | null;
}

interface PostgresAsks {
  /** Roles whose attributes are wanted. */
  roles: readonly string[];
}

export interface PostgresFacts {
  /** 180004 is 18.4. */
  versionNumber: number;
  encoding: string;
  fsync: string;
  fullPageWrites: string;
  synchronousCommit: string;
  connectionsMax: number;
  connectionsReserved: number;
  /** Of everybody but us. */
  connectionsInUse: number;
  /** May make tables in the schema `public`. */
  mayCreate: boolean;
  roles: readonly { name: string; superuser: boolean; bypassesRls: boolean; canLogin: boolean }[];
  /** Names of the migrations it has seen; null when the table is not there or not ours to read. */
  migrations: readonly string[] | null;
}

export type PostgresOutcome =
  | { ok: true; facts: PostgresFacts }
  /** `code` is an SQLSTATE or a code of Node. */
  | { ok: false; code: string; message: string };

export type SqliteOutcome =
  | {
      ok: true;
      /** The first complaint of `quick_check`; null when there is none. */
      damage: string | null;
      migrations: readonly string[];
      templates: number;
    }
  | { ok: false; message: string };

export type ClusterOutcome =
  | { ok: true; cluster: PreflightCluster }
  | { ok: false; message: string };

export interface PreflightCluster {
  /** `v1.36.0` */
  version(): Promise<string>;
  /** Labels of a namespace; null when there is none, or we may not look. */
  namespaceLabels(name: string): Promise<Readonly<Record<string, string>> | null>;
  /** SelfSubjectAccessReview. `namespace` is empty for what has none. */
  may(ask: AccessAsk): Promise<boolean>;
  /** Null when we may not look: they are the cluster's, not the namespace's. */
  storageClasses(): Promise<readonly { name: string; isDefault: boolean }[] | null>;
}

export interface AccessAsk {
  verb: string;
  group: string;
  resource: string;
  namespace: string;
}
