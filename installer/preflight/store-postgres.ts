// What a Postgres server says of itself, in one connection that reads only. A login that fails is an
// answer, not an exception.

import pg from 'pg';
import type { PostgresFacts, PostgresLogin, PostgresOutcome } from './host.ts';

const TIMEOUT_MS = 10_000;

export async function readPostgres(
  login: PostgresLogin,
  { roles }: { roles: readonly string[] },
): Promise<PostgresOutcome> {
  const client = new pg.Client({
    host: login.host,
    port: login.port,
    database: login.database,
    user: login.user,
    password: login.password,
    ssl: login.ssl ?? false,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    application_name: 'sallyport-preflight',
    options: '-c synchronous_commit=on', // as the server asks for it; a pooler may not pass it on
  });
  // A connection that breaks later than the answer is of no interest.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return { ok: true, facts: await readFacts(client, roles) };
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    return { ok: false, code: typeof code === 'string' ? code : 'unknown', message };
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function readFacts(client: pg.Client, roles: readonly string[]): Promise<PostgresFacts> {
  const { rows } = await client.query<Record<string, string>>(
    `select current_setting('server_version_num') as version, current_setting('fsync') as fsync,
       pg_encoding_to_char(d.encoding) as encoding,
       current_setting('full_page_writes') as full_page_writes,
       current_setting('synchronous_commit') as synchronous_commit,
       current_setting('max_connections') as connections_max,
       current_setting('superuser_reserved_connections') as connections_reserved,
       -- Of other roles' sessions only these columns are shown to us.
       (select count(*) from pg_stat_activity
         where datid is not null and usename <> all($1::name[]))::text as in_use,
       has_schema_privilege('public', 'create')::text as may_create
     from pg_database d where d.datname = current_database()`,
    [roles],
  );
  const own = rows[0] ?? {};
  const found = await client.query<Record<string, string | boolean>>(
    `select rolname as name, rolsuper as superuser, rolbypassrls as bypasses, rolcanlogin as login
       from pg_roles where rolname = any($1) order by rolname`,
    [roles],
  );
  return {
    versionNumber: Number(own['version']),
    encoding: own['encoding'] ?? '',
    fsync: own['fsync'] ?? '',
    fullPageWrites: own['full_page_writes'] ?? '',
    synchronousCommit: own['synchronous_commit'] ?? '',
    connectionsMax: Number(own['connections_max']),
    connectionsReserved: Number(own['connections_reserved']),
    connectionsInUse: Number(own['in_use']),
    mayCreate: own['may_create'] === 'true',
    roles: found.rows.map((row) => ({
      name: String(row['name']),
      superuser: row['superuser'] === true,
      bypassesRls: row['bypasses'] === true,
      canLogin: row['login'] === true,
    })),
    migrations: await readMigrations(client),
  };
}

async function readMigrations(client: pg.Client): Promise<readonly string[] | null> {
  const { rows } = await client.query<{ readable: boolean | null }>(
    `select has_table_privilege(to_regclass('public.knex_migrations'), 'select') as readable`,
  );
  if (rows[0]?.readable !== true) return null;
  const found = await client.query<{ name: string }>(
    'select name from public.knex_migrations order by name',
  );
  return found.rows.map(({ name }) => name);
}
