// One moment of the database, as rows of JSON: taken while the server serves, let go when it was read.

import type { TableShape } from './format.ts';

export interface Snapshot {
  /** Names of the migrations that were applied, oldest first. */
  schema: readonly string[];
  organizations: number;
  tables: readonly TableShape[];
  /** Root keys that something in this moment is wrapped under. */
  rootKids: readonly string[];
  /** Rows in the table's order, each with its line end, in lots of moderate size. */
  lines(table: TableShape): AsyncIterable<readonly string[]>;
  /** The highest number each sequence has handed out, by table. */
  sequences(): Promise<Record<string, number>>;
  close(): Promise<void>;
}
