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

/** The organization is set in the same text that opens the transaction. */
function watchPostgres(to: string): void {
  const organizations = new WeakMap<object, string | null>();
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function watched(this: pg.Client, ...args: unknown[]): never {
    const [asked] = args;
    if (typeof asked === 'string' && asked.startsWith('begin')) {
      organizations.set(this, /set_config\('app\.org', '([^']+)'/.exec(asked)?.[1] ?? null);
    } else if (typeof asked === 'object' && asked !== null && 'text' in asked) {
      const { text, values } = asked as { text: string; values?: readonly unknown[] };
      record(to, text, { params: values ?? [], org: organizations.get(this) ?? null });
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
