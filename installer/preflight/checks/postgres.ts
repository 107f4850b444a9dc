// Postgres, asked with the logins the server will use: it keeps what it confirms, its roles cannot see past
// row-level security, and it has room for our connections.

import { isIP } from 'node:net';
import { type Check, EVERYWHERE, fail, type Finding, judge, pass, skip } from '../check.ts';
import type { PreflightContext } from '../check.ts';
import type { PostgresFacts, PostgresOutcome, PreflightHost } from '../host.ts';
import { loginOf, type PostgresRole } from '../postgres-login.ts';

const VERSION_MIN = 150_000;
/** A server inside the cluster is not for everybody outside to reach. */
const UNREACHED: ReadonlySet<string> = new Set(
  'ECONNREFUSED ENOTFOUND EAI_AGAIN ETIMEDOUT EHOSTUNREACH ENETUNREACH unknown'.split(' '),
);
const DURABLE_COMMITS: readonly string[] = ['on', 'remote_apply'];

export const POSTGRES_CHECKS: readonly Check[] = [
  {
    id: 'postgres-login',
    title: 'Postgres is reached and lets each role in',
    severity: 'fail',
    runtimes: EVERYWHERE,
    doc: 'The owner (for migrations), app and engine roles each log in with their own password. On Kubernetes a server that only the cluster can reach is not seen from here.',
    remedy:
      'Correct host, port, name, role or password under database.postgres, or pg_hba.conf of the server.',
    check: async (host, context) => {
      if (context.config.database.kind !== 'postgres') return skip('the database is SQLite');
      const complaints: string[] = [];
      const entered: string[] = [];
      for (const role of ['owner', 'app', 'engine'] as const) {
        const found = await ask(host, context, role);
        if (typeof found === 'string') {
          // Only migrations need the owner's; in a cluster secrets are the cluster's.
          if (role !== 'owner' && context.dataDir !== null) complaints.push(found);
        } else if (found.ok) entered.push(role);
        else if (context.dataDir === null && UNREACHED.has(found.code)) {
          return skip(`not reached from here (${wordsOf(found)}); the migration job will say`);
        } else complaints.push(`${role}: ${wordsOf(found)}`);
      }
      if (entered.length === 0 && complaints.length === 0) return skip('no password is known here');
      return judge(complaints, `${entered.join(', ')} may log in`);
    },
  },
  {
    id: 'postgres-version',
    title: 'Postgres is version 15 or newer',
    severity: 'fail',
    runtimes: EVERYWHERE,
    doc: 'The schema uses what older versions do not have, and they are no longer mended.',
    remedy: 'Use a server of Postgres 15 or newer.',
    check: withFacts(async ({ versionNumber }) => {
      const found = `Postgres ${Math.floor(versionNumber / 10_000)}.${versionNumber % 10_000}`;
      return versionNumber >= VERSION_MIN ? pass(found) : fail(found);
    }),
  },
  {
    id: 'postgres-roles',
    title: 'The roles of the server cannot see past row-level security',
    severity: 'fail',
    runtimes: EVERYWHERE,
    doc: 'Row-level security is the second wall between organizations. A superuser, and a role with BYPASSRLS, walks through it; the server refuses to start with one.',
    remedy: 'ALTER ROLE … NOSUPERUSER NOBYPASSRLS LOGIN for the roles named.',
    check: withFacts(async ({ roles }, { config }) => {
      const { app_user: app, engine_user: engine } = config.database.postgres;
      const complaints = [app, engine].flatMap((name) => {
        const role = roles.find((each) => each.name === name);
        if (role === undefined) return [`there is no role ${name}`];
        return [
          ...(role.superuser ? [`${name} is a superuser`] : []),
          ...(role.bypassesRls ? [`${name} has BYPASSRLS`] : []),
          ...(role.canLogin ? [] : [`${name} may not log in`]),
        ];
      });
      return judge(complaints, `${app} and ${engine} are ordinary roles`);
    }),
  },
  {
    id: 'postgres-owner',
    title: 'The owner role may make tables',
    severity: 'fail',
    runtimes: EVERYWHERE,
    doc: 'Migrations run as the owner. Since Postgres 15 only the owner of a database may make tables in the schema public.',
    remedy: 'ALTER DATABASE … OWNER TO the owner role, or GRANT CREATE ON SCHEMA public to it.',
    check: withFacts(
      async ({ mayCreate }, { config }) => {
        const owner = config.database.postgres.owner_user;
        return mayCreate ? pass(`${owner} may`) : fail(`${owner} may not make tables in public`);
      },
      ['owner'],
    ),
  },
  {
    id: 'postgres-encoding',
    title: 'The database stores UTF-8',
    severity: 'fail',
    runtimes: EVERYWHERE,
    doc: 'Names come in every script. In another encoding some of them are refused, one at a time, later.',
    remedy: 'Make the database with ENCODING UTF8 TEMPLATE template0.',
    check: withFacts(async ({ encoding }) => (encoding === 'UTF8' ? pass('UTF8') : fail(encoding))),
  },
  {
    id: 'postgres-durability',
    title: 'Postgres keeps what it has confirmed',
    severity: 'fail',
    runtimes: EVERYWHERE,
    doc: 'Nothing is acknowledged before it is durable. With fsync, full_page_writes or synchronous_commit off, Postgres confirms what a power cut then takes back; the server refuses to start on such a database.',
    remedy: 'Set fsync, full_page_writes and synchronous_commit to on in postgresql.conf.',
    check: withFacts(async ({ fsync, fullPageWrites, synchronousCommit }) =>
      judge(
        [
          ...(fsync === 'on' ? [] : [`fsync is ${fsync}`]),
          ...(fullPageWrites === 'on' ? [] : [`full_page_writes is ${fullPageWrites}`]),
          ...(DURABLE_COMMITS.includes(synchronousCommit)
            ? []
            : [`synchronous_commit is ${synchronousCommit}`]),
        ],
        `fsync, full_page_writes on, synchronous_commit ${synchronousCommit}`,
      ),
    ),
  },
  {
    id: 'postgres-connections',
    title: 'Postgres has room for the pools of every replica',
    severity: 'fail',
    runtimes: EVERYWHERE,
    doc: 'Each replica opens up to pool_max and engine_pool_max connections, and during a rollout one replica more runs. Connections of others, and those reserved for superusers, are taken off first.',
    remedy: 'Raise max_connections, or lower database.postgres.pool_max and engine_pool_max.',
    check: withFacts(async (facts, { config: { database }, target }) => {
      const { pool_max: app, engine_pool_max: engine } = database.postgres;
      const processes = target.runtime === 'helm' ? target.replicas + 1 : 2;
      const needed = (app + engine) * processes;
      const room = facts.connectionsMax - facts.connectionsReserved - facts.connectionsInUse;
      const found = `room for ${room} of ${facts.connectionsMax} connections, ${needed} needed (${processes} processes × ${app + engine})`;
      return room >= needed ? pass(found) : fail(found);
    }),
  },
  {
    id: 'postgres-tls',
    title: 'The connection to Postgres is protected',
    severity: 'warn',
    runtimes: EVERYWHERE,
    doc: 'Names and payments travel on it. Without a check of the certificate somebody in between reads and changes them.',
    remedy:
      'Set database.postgres.tls.mode to verify_full and ca_file to the authority of the server.',
    check: async (_host, { config: { database } }) => {
      if (database.kind !== 'postgres') return skip('the database is SQLite');
      const { host: place, tls } = database.postgres;
      if (isLoopback(place)) return pass(`${place} is this machine`);
      return tls.mode === 'verify_full'
        ? pass('certificate and name are checked')
        : fail(`tls.mode is ${tls.mode} and ${place} is another machine`);
    },
  },
];

function withFacts(
  look: (facts: PostgresFacts, context: PreflightContext) => Promise<Finding>,
  roles: readonly PostgresRole[] = ['app', 'owner'],
): Check['check'] {
  return async (host, context) => {
    if (context.config.database.kind !== 'postgres') return skip('the database is SQLite');
    for (const role of roles) {
      const found = await ask(host, context, role);
      if (typeof found !== 'string' && found.ok) return look(found.facts, context);
    }
    return skip(`no ${roles.join(' or ')} login works, see postgres-login`);
  };
}

async function ask(
  host: PreflightHost,
  context: PreflightContext,
  role: PostgresRole,
): Promise<PostgresOutcome | string> {
  const { app_user: app, engine_user: engine } = context.config.database.postgres;
  const login = await loginOf(host, context, role);
  return typeof login === 'string' ? login : host.postgres(login, { roles: [app, engine] });
}

/** The server's own message may name what we must not repeat; its codes are enough. */
function wordsOf({ code, message }: { code: string; message: string }): string {
  return CODES[code] ?? `${code} (${message})`;
}

const CODES: Readonly<Record<string, string>> = {
  '28P01': 'the password is refused',
  '28000': 'the server does not let this role in from here (pg_hba.conf)',
  '3D000': 'there is no database of this name',
  '42501': 'the role may not connect to this database',
  '53300': 'the server has no connection left',
  '57P03': 'the server is still starting',
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name does not resolve now',
  ETIMEDOUT: 'the server does not answer',
  SELF_SIGNED_CERT_IN_CHAIN: 'the authority of its certificate is not known here',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed and not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the authority of its certificate is not known here',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

function isLoopback(place: string): boolean {
  return place === 'localhost' || (isIP(place) !== 0 && /^(?:127\.|::1$)/.test(place));
}
