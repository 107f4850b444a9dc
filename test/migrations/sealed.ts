// A list of released migrations as `npm run migrations:seal` would write it, in a file of its own.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordedMigration } from '../../scripts/migrations-lint/record.ts';
import {
  readReleased,
  type ReleasedMigration,
  seal,
} from '../../scripts/migrations-lint/released.ts';

export async function sealed(
  migrations: readonly RecordedMigration[],
): Promise<readonly ReleasedMigration[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-sealed-'));
  try {
    const file = join(folder, 'released.json');
    writeFileSync(file, '{ "migrations": [] }');
    await seal('0.1.0', migrations, file);
    return readReleased(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
