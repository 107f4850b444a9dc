// The provider's event of one capture, on both sides: what became of its webhook there, and how it came to
// be known here. Read from both databases, as the verifier does: no door of either tells this.

import { readFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import type { VerifierDatabase } from './environment.ts';

export interface SentEvent {
  id: string;
  paymentIntent: string;
  /** Of its webhook: pending, held, delivered, lost, abandoned. */
  webhook: string;
}

export interface KnownEvent {
  source: 'webhook' | 'poll';
  status: string;
}

export function captureEventOf(twinDatabase: string, paymentId: string): SentEvent {
  const db = new Sqlite(twinDatabase, { readonly: true, fileMustExist: true });
  try {
    const found = db
      .prepare(
        `select e.id, p.id as paymentIntent, d.state as webhook
           from event e join charge c on c.id = e.object_id
             join payment_intent p on p.id = c.payment_intent
             join webhook_delivery d on d.event_id = e.id
          where e.type = 'charge.captured' and json_extract(p.metadata, '$.payment_id') = ?`,
      )
      .all(paymentId) as SentEvent[];
    const [event] = found;
    if (event === undefined || found.length > 1) {
      throw new Error(
        `Expected one capture of ${paymentId} at the provider, found ${found.length}.`,
      );
    }
    return event;
  } finally {
    db.close();
  }
}

export async function findKnownEvent(
  database: VerifierDatabase,
  { organizationId, eventId }: { organizationId: string; eventId: string },
): Promise<KnownEvent | null> {
  if (database.kind === 'postgres') return findInPostgres(database, { organizationId, eventId });
  const db = new Sqlite(database.file, { readonly: true, fileMustExist: true });
  try {
    const row = db
      .prepare('select source, status from inbox_event where org_id = ? and dedupe_key = ?')
      .get(organizationId, eventId);
    return (row as KnownEvent | undefined) ?? null;
  } finally {
    db.close();
  }
}

async function findInPostgres(
  database: Extract<VerifierDatabase, { kind: 'postgres' }>,
  { organizationId, eventId }: { organizationId: string; eventId: string },
): Promise<KnownEvent | null> {
  const { host, port, name, user, passwordFile } = database;
  const password = readFileSync(passwordFile, 'utf8').trim();
  const client = new pg.Client({ host, port, database: name, user, password });
  await client.connect();
  try {
    await client.query('begin read only');
    await client.query(`select set_config('app.org', $1, true)`, [organizationId]);
    const { rows } = await client.query<KnownEvent>(
      'select source, status from inbox_event where org_id = $1 and dedupe_key = $2',
      [organizationId, eventId],
    );
    return rows[0] ?? null;
  } finally {
    await client.end();
  }
}
