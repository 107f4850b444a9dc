// The database a backup is loaded into: empty before, whole afterwards, and never anything in between that
// a server could open.

import type { MigrationStep } from '../../server/platform/database/migrate.ts';
import type { BackupEnd, BackupHeader, TableShape, Value } from './format.ts';

export interface LoadTarget {
  /** Looks. What is there already, in words; nothing when it is empty. */
  findings(): Promise<readonly string[]>;
  /** Looks. This backup was loaded and verified by an earlier run, whole. */
  isLoaded(backupId: string): Promise<boolean>;
  /** Empty tables as these migrations make them; whatever an earlier run left is gone. */
  prepare(steps: readonly MigrationStep[]): Promise<void>;
  load(header: BackupHeader): Promise<Loading>;
  /** Brings the loaded tables to these migrations. */
  migrate(steps: readonly MigrationStep[]): Promise<void>;
  /** From here on a server finds it. Safe to run again. */
  publish(): Promise<void>;
}

export interface Loading {
  /** @throws when the tables here have another shape. */
  table(shape: TableShape): Promise<void>;
  row(row: readonly Value[]): Promise<void>;
  /**
   * Sets the sequences, checks every reference, reads all rows back and compares their sums, and marks
   * what may have been sent after the backup. Only then it lasts.
   */
  finish(end: BackupEnd): Promise<{ doubted: number }>;
  /** Nothing of it lasts. */
  abort(): Promise<void>;
}
