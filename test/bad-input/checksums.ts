// What is in the database, as one checksum for each table, read from outside past every wall. Left out is
// only what the appliance writes by its own clock whether or not anybody sends anything.

import { createHash } from 'node:crypto';
import type { SchemaView } from '../support/schema.ts';

/** Whole tables that move by the clock alone, with the reason. */
export const BY_THE_CLOCK: Readonly<Record<string, string>> = {
  schedule_run: 'one row for each tick of a schedule',
  outbox_shard: 'leases, renewed every few seconds',
  outbox_dest: 'state of the breaker, from polls of the providers',
  outbox_attempt: 'one row for each poll of a provider',
  provider_cursor: 'how far the last poll came',
  device_lease: 'when a connected device was last seen',
};

/** Single columns of the same sort. */
const COLUMNS_BY_THE_CLOCK: Readonly<Record<string, readonly string[]>> = {
  api_key: ['last_used_at'],
  outbox_lane: ['low'],
};

/** Single rows of the same sort: the polls that a schedule enqueues. */
const ROWS_BY_THE_CLOCK: Readonly<Record<string, (row: Row) => boolean>> = {
  outbox_msg: (row) => row['type'] === 'inbox.poll',
};

type Row = Record<string, unknown>;
export type Checksums = Readonly<Record<string, string>>;

export async function checksums(view: SchemaView): Promise<Checksums> {
  const sums: Record<string, string> = {};
  for (const { name } of await view.tables()) {
    if (BY_THE_CLOCK[name] !== undefined) continue;
    sums[name] = checksum(name, await view.run(`select * from ${name}`));
  }
  return sums;
}

/** The tables whose rows are not what they were. */
export function changed(before: Checksums, after: Checksums): string[] {
  return Object.keys(before).filter((name) => before[name] !== after[name]);
}

function checksum(table: string, rows: readonly Row[]): string {
  const passing = COLUMNS_BY_THE_CLOCK[table] ?? [];
  const passes = ROWS_BY_THE_CLOCK[table] ?? (() => false);
  const lines = rows
    .filter((row) => !passes(row))
    .map((row) => JSON.stringify({ ...row, ...Object.fromEntries(passing.map((c) => [c, null])) }))
    .toSorted();
  return `${lines.length} rows ${createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16)}`;
}
