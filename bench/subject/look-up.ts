// What a peer must know of the database it was given: whose rows it writes and what they refer to.

import Sqlite from 'better-sqlite3';
import pg from 'pg';
import type { Store } from './store.ts';

export interface Place {
  orgId: string;
  nodeId: string;
  principalId: string;
  providerAccountId: string;
  laneId: number;
  people: string[];
}

const PEOPLE_MAX = 64;

export async function lookUp({ address }: Store): Promise<Place> {
  const query = 'file' in address ? readSqlite(address.file) : readPostgres(address.url);
  const one = async (text: string): Promise<Record<string, unknown>> =>
    (await query(text))[0] ?? {};
  const account = await one(`select org_id, id from provider_account where provider = 'stripe'`);
  const node = await one('select id from node where parent_id is null');
  const principal = await one('select id from principal');
  const lane = await one(`select lane_id from outbox_lane where dest_id = 'stripe'`);
  const people = await query(`select id from person order by id limit ${PEOPLE_MAX}`);
  return {
    orgId: String(account['org_id']),
    nodeId: String(node['id']),
    principalId: String(principal['id']),
    providerAccountId: String(account['id']),
    laneId: Number(lane['lane_id'] ?? 0),
    people: people.map(({ id }) => String(id)),
  };
}

type Query = (text: string) => Promise<Record<string, unknown>[]>;

function readSqlite(file: string): Query {
  return async (text) => {
    const db = new Sqlite(file, { readonly: true });
    try {
      return db.prepare(text).all() as Record<string, unknown>[];
    } finally {
      db.close();
    }
  };
}

function readPostgres(url: string): Query {
  return async (text) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(text)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
}
