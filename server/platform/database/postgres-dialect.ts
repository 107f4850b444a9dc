// Postgres, as named capabilities: read side by side with those of sqlite.ts.

import type { Dialect } from './dialect.ts';

const RETRYABLE = new Set(['40001', '40P01']); // serialization_failure, deadlock_detected
const LOCK_NOT_AVAILABLE = '55P03';
/** The network's codes, then Postgres' own: resources, operator intervention, statement time-out. */
const UNAVAILABLE: ReadonlySet<string> = new Set(
  `ECONNREFUSED ECONNRESET ETIMEDOUT ENOTFOUND EPIPE
   ${LOCK_NOT_AVAILABLE} 53100 53200 53300 57014 57P01 57P02 57P03`.split(/\s+/),
);
/** The driver's own words for a connection that is gone. */
const LOST = /^Connection terminated|not queryable$/;

export function postgresDialect(
  nowMs = '(extract(epoch from clock_timestamp()) * 1000)::bigint',
): Dialect {
  return {
    name: 'postgres',
    nowMs,
    forUpdate: 'for update',
    forUpdateSkipLocked: 'for update skip locked',
    holdName: 'select pg_advisory_xact_lock(hashtextextended($1, 0))',
    textsOf: (param) => `select jsonb_array_elements_text(${param}::jsonb)`,
    integersOf: (param) => `select jsonb_array_elements_text(${param}::jsonb)::bigint`,
    rowsOf: (param, columns, alias) => {
      const types = { text: 'text', integer: 'bigint' };
      const defs = Object.entries(columns).map(([name, type]) => `${name} ${types[type]}`);
      return `jsonb_to_recordset(${param}::jsonb) as ${alias}(${defs.join(', ')})`;
    },
    bytesOfHex: (column) => `decode(${column}, 'hex')`,
    jsonText: (column, key) => `(${column}::jsonb ->> '${key}')`,
    isUniqueViolation: (error) => hasCode(error, '23505'),
    isForeignKeyViolation: (error) => hasCode(error, '23503'),
    isRetryable: (error) => [...RETRYABLE].some((code) => hasCode(error, code)),
    isLockTimeout: (error) => hasCode(error, LOCK_NOT_AVAILABLE),
    isUnavailable: (error) =>
      [...RETRYABLE, ...UNAVAILABLE].some((code) => hasCode(error, code)) ||
      (error instanceof Error && LOST.test(error.message)),
    gap: {
      highest: async (db, sequence) => {
        const rows = await db.query(`select last_value from ${sequence}_pos_seq`);
        return Number(rows[0]?.['last_value'] ?? 0);
      },
      ticket: async (db) => {
        const rows = await db.query('select pg_current_xact_id()::text as ticket');
        return String(rows[0]?.['ticket']);
      },
      passed: async (db, ticket) => {
        const rows = await db.query(
          'select pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 as passed',
          [ticket],
        );
        return rows[0]?.['passed'] === true;
      },
    },
  };
}

function hasCode(error: unknown, code: string): boolean {
  return (error as { code?: unknown } | null)?.code === code;
}
