// Puts the fault points of a transaction in place, around the database room and without touching it.
// Only transactions of organizations are watched: leases and marks of the engine acknowledge nothing.

import type { Databases, OrgDatabase, Tx } from '../database/database.ts';
import type { FaultPoints } from './fault-points.ts';

export function watchDatabases(databases: Databases, points: FaultPoints): Databases {
  return {
    ...databases,
    org: (orgId) => watchOrganization(databases.org(orgId), points),
  };
}

function watchOrganization(db: OrgDatabase, points: FaultPoints): OrgDatabase {
  return {
    ...db,
    begin: async (work) => {
      let changed: readonly string[] = [];
      const value = await db.begin(async (tx) => {
        const tables = new Set<string>();
        const result = await work(watchTransaction(tx, { points, tables }));
        changed = [...tables];
        points.reached('transaction_open', changed);
        return result;
      });
      points.reached('committed_unacknowledged', changed);
      return value;
    },
  };
}

const CHANGE = /^\s*(insert into|update|delete from)\s+(\w+)/;

function watchTransaction(
  tx: Tx,
  { points, tables }: { points: FaultPoints; tables: Set<string> },
): Tx {
  const see = (text: string): void => {
    const [, verb, table] = CHANGE.exec(text) ?? [];
    if (table === undefined) return;
    if (verb === 'delete from' && table === 'outbox_msg') {
      points.reached('settled_not_deleted', [...tables]);
    }
    tables.add(table);
  };
  return {
    ...tx,
    query: (text, params) => (see(text), tx.query(text, params)),
    execute: (text, params) => (see(text), tx.execute(text, params)),
  };
}
