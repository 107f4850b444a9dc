// Why the appliance did not start, in the words of whoever configured it: the setting, what was expected
// there and what was found. What is not recognised keeps its own message.

import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config/load.ts';

interface Failure {
  code?: string;
  syscall?: string;
  /** Of a file. */
  path?: string;
  address?: string;
  port?: number;
  message: string;
}

const UNREACHABLE = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
];

export function explainStart(error: unknown, config: Config): string {
  const failure = firstOf(error);
  return (
    listenProblem(failure, config) ??
    databaseProblem(failure, config) ??
    sqliteProblem(failure, config) ??
    folderProblem(failure, config) ??
    failure.message
  );
}

/** A host with several addresses fails once per address. */
function firstOf(error: unknown): Failure {
  return error instanceof AggregateError ? (error.errors[0] as Failure) : (error as Failure);
}

function listenProblem({ code, syscall, address, port }: Failure, config: Config): string | null {
  if (syscall !== 'listen') return null;
  const section = port === config.gateway.port && port !== config.http.port ? 'gateway' : 'http';
  switch (code) {
    case 'EADDRINUSE':
      return `${section}.port: expected a free port, found ${port} in use on ${address}.`;
    case 'EACCES':
      return `${section}.port: expected a port this user may open, found ${port}.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${section}.host: expected an address of this machine, found ${address}.`;
    default:
      return null;
  }
}

function databaseProblem({ code, message }: Failure, { database }: Config): string | null {
  if (database.kind !== 'postgres' || code === undefined) return null;
  const { host, port, name } = database.postgres;
  if (UNREACHABLE.includes(code)) {
    return `database.postgres.host: expected a Postgres at ${host}:${port}, found ${message}.`;
  }
  // Postgres' own words name the user or the database.
  if (code === '28P01' || code === '28000') {
    return `database.postgres: expected roles that may sign in at ${host}:${port}, found ${message}.`;
  }
  if (code === '3D000') {
    return `database.postgres.name: expected a database called ${name} at ${host}:${port}, found ${message}.`;
  }
  return null;
}

/** SQLite says that it cannot open a file, and neither which one nor why. */
function sqliteProblem({ code, message }: Failure, { database }: Config): string | null {
  if (database.kind !== 'sqlite' || code === undefined) return null;
  const { file } = database.sqlite;
  if (code === 'SQLITE_NOTADB') {
    return `database.sqlite.file: expected an SQLite database, found another file at ${file}.`;
  }
  if (!/^SQLITE_(?:CANTOPEN|READONLY|PERM)/.test(code)) return null;
  return `database.sqlite.file: expected a file that ${whoAmI()} may write, in a folder it may write too, found ${whatIsWrong(file) ?? `${message} (${code})`} (${file}).`;
}

function whatIsWrong(file: string): string | null {
  const folder = dirname(file);
  const [inside, around] = [statOf(file), statOf(folder)];
  if (around === null) return `no folder at ${folder}`;
  if (!around.isDirectory()) return `no folder but a file at ${folder}`;
  if (!isWritable(folder)) return `the folder of ${describe(around)} without permission`;
  if (inside === null) return null;
  if (!inside.isFile()) return 'no file but a folder';
  return isWritable(file) ? null : `the file of ${describe(inside)} without permission`;
}

/** Keys, authority, first API key: everything else that a start writes lies below the data folder. */
function folderProblem({ code, path, message }: Failure, config: Config): string | null {
  if (path === undefined || !path.startsWith(config.data_dir)) return null;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `data_dir: expected a folder that ${whoAmI()} may write with everything in it, found ${message}.`;
    case 'EEXIST':
    case 'ENOTDIR':
      return `data_dir: expected a folder, found a file at ${path}.`;
    case 'ENOSPC':
      return `data_dir: expected room on its disk, found ${message}.`;
    default:
      return null;
  }
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    // Behind a folder that may not be entered, or is none: for the reader the same as not there.
    return null;
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | (constants.X_OK * Number(statSync(path).isDirectory())));
    return true;
  } catch {
    // Whatever the reason, it is what the message is about.
    return false;
  }
}

function describe({ uid, gid, mode }: Stats): string {
  return `user ${uid}, group ${gid}, mode 0${(mode & 0o777).toString(8)},`;
}

function whoAmI(): string {
  return `user ${process.getuid?.() ?? 'of this process'}`;
}
