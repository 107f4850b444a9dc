// The real machine behind the checks: joined from one file per subject.

import { availableParallelism, networkInterfaces } from 'node:os';
import type { Environment } from '../../config/environment-layer.ts';
import type { Host } from '../host/host.ts';
import { realHost } from '../host/real-host.ts';
import type { NodeFacts, PreflightHost } from './host.ts';
import { openCluster } from './real-cluster.ts';
import {
  canWrite,
  listFolder,
  measureSync,
  readText,
  statFile,
  statFilesystem,
} from './real-files.ts';
import { portState, request, resolveName } from './real-network.ts';
import { readPostgres } from './store-postgres.ts';
import { readSqlite } from './store-sqlite.ts';

const COMMAND_TIMEOUT_MS = 30_000;

/** Commands, clock and name of the machine come from the installer's own host. */
export function realPreflightHost(
  env: Environment,
  { commands, clock, hostname, processes }: Host = realHost(),
): PreflightHost {
  return {
    node: nodeFacts(),
    env,
    machine: () => ({
      cpus: availableParallelism(),
      addresses: Object.values(networkInterfaces()).flatMap((each) =>
        (each ?? []).map(({ address }) => address),
      ),
      hostname,
      ...processes.ownUser,
    }),
    nowMs: () => clock.nowMs(),
    readText,
    stat: statFile,
    list: listFolder,
    statfs: statFilesystem,
    canWrite,
    measureSync,
    run: (program, args, { timeoutMs = COMMAND_TIMEOUT_MS, env: more = {} } = {}) =>
      commands.run({ program, args, timeoutMs, env: { LC_ALL: 'C', ...more }, isLook: true }),
    resolve: resolveName,
    portState,
    request,
    postgres: readPostgres,
    sqlite: readSqlite,
    cluster: (context) => openCluster(env, context),
  };
}

function nodeFacts(): NodeFacts {
  return {
    version: process.versions.node,
    platform: process.platform,
    arch: process.arch,
    execPath: process.execPath,
    glibc: glibcVersion(),
  };
}

/** Only the report knows; without the network part it takes about a millisecond. */
function glibcVersion(): string | null {
  (process.report as typeof process.report & { excludeNetwork: boolean }).excludeNetwork = true;
  const { header } = process.report.getReport() as unknown as {
    header: { glibcVersionRuntime?: string };
  };
  return header.glibcVersionRuntime ?? null;
}
