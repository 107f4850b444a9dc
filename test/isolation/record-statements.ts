// Loaded into a server before anything else (--import): writes each statement that it sends to its
// database to a file, a few examples of each text. Changes nothing of what is sent.

import { appendFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import pg from 'pg';

export const RECORD_TO = 'SALLYPORT_TEST_RECORD_STATEMENTS';

/** The first uses of a statement may find nothing yet; later ones do. */
const EXAMPLES_MAX = 3;

const file = process.env[RECORD_TO];
const seen = new Map<string, number>();

if (file !== undefined) {
  watchPostgres(file);
  watchSqlite(file);
}

function record(to: string, text: string, of: { params: readonly unknown[]; org: unknown }): void {
  const count = seen.get(text) ?? 0;
  if (count >= EXAMPLES_MAX) return;
  seen.set(text, count + 1);
  const params = of.params.map((value) =>
    value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : (value ?? null),
  );
  appendFileSync(to, `${JSON.stringify({ text, params, org: of.org })}\n`);
}

interface Sent {
  text: string;
  params: readonly unknown[];
}

/** The organization is set by the statement that opens the transaction, or the read. */
function watchPostgres(to: string): void {
  const organizations = new WeakMap<object, string | null>();
  const OPENS =
    /^(begin|select (set_config\('app\.org', \$1, true\), )?(set_config\('transaction_read_only|pg_current_xact_id))/;
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function watched(this: pg.Client, ...args: unknown[]): never {
    const [asked] = args as [{ statements?: readonly Sent[] }];
    for (const { text, params } of asked.statements ?? []) {
      const [org] = params;
      if (OPENS.test(text)) organizations.set(this, typeof org === 'string' ? org : null);
      else if (text !== 'commit')
        record(to, text, { params, org: organizations.get(this) ?? null });
    }
    return Reflect.apply(query as never, this, args) as never;
  };
}

/** Parameters are keyed by their number; the first one of an organization's statement names it. */
function watchSqlite(to: string): void {
  const { prepare } = Sqlite.prototype;
  Sqlite.prototype.prepare = function watched(this: Sqlite.Database, text: string): never {
    const statement = prepare.call(this, text) as unknown as Record<string, unknown>;
    for (const name of ['all', 'run']) {
      const original = statement[name] as (...args: unknown[]) => unknown;
      statement[name] = (...args: unknown[]): unknown => {
        const bound = (args[0] ?? {}) as Record<string, unknown>;
        const params = Object.keys(bound).map((_key, at) => bound[at + 1]);
        const [first] = params;
        const org = typeof first === 'string' && first.startsWith('org_') ? first : null;
        record(to, text, { params, org });
        return Reflect.apply(original, statement, args);
      };
    }
    return statement as never;
  };
}
