// SQLite has one wall, the predicate. The truth is the statement on a database from which every row of the
// other organization was deleted.

import Sqlite from 'better-sqlite3';
import type { RecordedStatement } from './recorded-statement.ts';
import {
  asNeighbour,
  isWrite,
  type Outcome,
  strippedForSqlite,
  toRows,
  type Walls,
} from './walls.ts';

interface Parties {
  orgId: string;
  neighbour: string;
  owned: readonly { table: string; column: string }[];
}

export function sqliteWalls(file: string, { orgId, neighbour, owned }: Parties): Walls {
  const db = new Sqlite(file);
  db.pragma('foreign_keys = off');
  const foreign = (): string =>
    JSON.stringify(
      owned.map(({ table, column }) =>
        db.prepare(`select * from ${table} where ${column} = ? order by 1, 2`).all(orgId),
      ),
    );
  const ask = async (
    { text, params }: RecordedStatement,
    { alone = false }: { alone?: boolean } = {},
  ): Promise<Outcome> => {
    db.exec('begin immediate');
    try {
      if (alone) {
        for (const { table, column } of owned) {
          db.prepare(`delete from ${table} where ${column} = ?`).run(orgId);
        }
      }
      const before = isWrite(text) ? foreign() : '';
      const bound = Object.fromEntries(params.map((value, at) => [at + 1, value]));
      const statement = db.prepare(text);
      const given = params.length === 0 ? [] : [bound];
      const rows = statement.reader ? statement.all(...given) : [];
      const touched = statement.reader ? 0 : statement.run(...given).changes;
      const foreignTouched = isWrite(text) && before !== foreign() ? 1 : 0;
      return { rows: toRows(text, rows), touched, foreignTouched, refused: null };
    } catch (error) {
      const { code } = error as { code?: string };
      if (code?.startsWith('SQLITE_CONSTRAINT') !== true) throw error;
      return { rows: [], touched: 0, foreignTouched: 0, refused: code };
    } finally {
      if (db.inTransaction) db.exec('rollback');
    }
  };
  return {
    truth: (statement) => ask(asNeighbour(statement, neighbour), { alone: true }),
    behindWall: (statement) => ask(asNeighbour(statement, neighbour)),
    behindNothing: (statement) => ask({ ...statement, text: strippedForSqlite(statement.text) }),
    close: async () => void db.close(),
  };
}
