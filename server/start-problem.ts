// Why the appliance did not start, in the words of whoever configured it: the setting, what was expected
// there and what was found. What is not recognised keeps its own message.

import type { Config } from '../config/load.ts';

interface Failure {
  code?: string;
  syscall?: string;
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
  return listenProblem(failure, config) ?? databaseProblem(failure, config) ?? failure.message;
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
