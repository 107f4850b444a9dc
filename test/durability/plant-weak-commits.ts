// Loaded into a server before anything else (--import): the planted bug. `hidden` makes every commit return
// before it is durable and lies to the check at the start; `open` does the same without lying.

import Sqlite from 'better-sqlite3';
import pg from 'pg';

export const PLANT = 'SALLYPORT_TEST_PLANT_WEAK_COMMITS';

const plant = process.env[PLANT];
if (plant === 'hidden' || plant === 'open') {
  weakenSqlite(plant);
  weakenPostgres(plant);
}

function weakenSqlite(how: 'hidden' | 'open'): void {
  const { pragma } = Sqlite.prototype;
  Sqlite.prototype.pragma = function weak(this: Sqlite.Database, text: string, options): unknown {
    if (/^synchronous\s*=/.test(text)) return pragma.call(this, 'synchronous = OFF', options);
    if (text === 'synchronous' && how === 'hidden') return 2;
    return pragma.call(this, text, options);
  };
}

function weakenPostgres(how: 'hidden' | 'open'): void {
  const { query, connect } = pg.Client.prototype;
  if (how === 'open') {
    pg.Client.prototype.connect = function weak(this: pg.Client, ...args: unknown[]): never {
      const { connectionParameters } = this as unknown as {
        connectionParameters: { options: string };
      };
      connectionParameters.options += ' -c synchronous_commit=off';
      return Reflect.apply(connect as never, this, args) as never;
    };
    return;
  }
  // The check at the start asks by a text of its own; what commits comes as an exchange of statements.
  pg.Client.prototype.query = function weak(this: pg.Client, ...args: unknown[]): never {
    const [asked] = args as [{ statements?: unknown }];
    const to = asked.statements === undefined ? 'on' : 'off';
    void Reflect.apply(query, this, [`set synchronous_commit = ${to}`]);
    return Reflect.apply(query as never, this, args) as never;
  };
}
