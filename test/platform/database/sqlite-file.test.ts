import { expect, test } from '@jest/globals';
import { chmodSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateUp } from '../../../server/platform/database/migrate.ts';
import { MIGRATIONS } from '../../../migrations/index.ts';
import { databaseSettings } from '../../../server/database-settings.ts';
import { loadConfig } from '../../../config/load.ts';
import { connectSqlite } from '../../../server/platform/database/sqlite.ts';
import { realWorld } from '../../../server/real-world.ts';

test('the database and the files beside it are their owner’s alone, also one that was open', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-mode-'));
  const settings = databaseSettings(loadConfig({ env: {}, overrides: { data_dir: folder } }));
  if (settings.kind !== 'sqlite') throw new Error('expected SQLite');
  await migrateUp(settings, MIGRATIONS);
  chmodSync(settings.file, 0o644);
  const databases = connectSqlite(settings, realWorld());
  await databases.engine.query('select 1');
  const name = settings.file.slice(folder.length + 1);
  const open = readdirSync(folder)
    .filter((each) => [name, `${name}-wal`, `${name}-shm`].includes(each))
    .filter((each) => (statSync(join(folder, each)).mode & 0o077) !== 0);
  await databases.close();
  expect(open).toEqual([]);
});
