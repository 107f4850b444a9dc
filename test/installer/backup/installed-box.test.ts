// A box with a home: what lies in it besides the data comes along, and what the new home has stays.

import { beforeAll, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { databaseOf } from '../../../installer/backup/database-of.ts';
import { extractFiles } from '../../../installer/backup/extract-files.ts';
import { type Box, locateBox } from '../../../installer/backup/places.ts';
import { restore } from '../../../installer/backup/restore.ts';
import { MIGRATIONS } from '../../../migrations/index.ts';
import { migrateUp } from '../../../server/platform/database/migrate.ts';
import { makeKeyPair, takeBackup, type Taken } from './rig.ts';

interface Installed {
  home: string;
  box: Box;
}

function install(config: object = {}): Installed {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-home-'));
  const home = join(folder, 'sallyport');
  const applianceFile = join(folder, 'appliance.yaml');
  const written = {
    version: 1,
    name: 'sallyport',
    runtime: 'process',
    process: { home, supervisor: 'pidfile' },
    config: { profile: 'evaluation', ...config },
  };
  writeFileSync(applianceFile, stringify(written));
  return { home, box: locateBox({ applianceFile, configFiles: [] }) };
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o600 });
}

let taken: Taken;

beforeAll(async () => {
  const { home, box } = install();
  put(join(home, 'secrets/stripe-secret-key'), 'sk_test_old');
  put(join(home, 'secrets/veriff-api-key'), 'old');
  put(join(home, 'config/trust/root.json'), '{"root":1}');
  put(join(home, 'config/server.yaml'), 'profile: evaluation\n');
  mkdirSync(box.config.data_dir, { recursive: true });
  await migrateUp(databaseOf(box.config), MIGRATIONS);
  taken = await takeBackup({ box, folder: home, configFile: '' }, await makeKeyPair());
});

test('secrets and the trust root come along; what is there stays, and is named', async () => {
  const { home, box } = install();
  put(join(home, 'secrets/veriff-api-key'), 'new');
  const kept: string[] = [];
  const now = new Date();
  const report = await restore({
    source: taken.source,
    box,
    dryRun: false,
    now,
    tell: (told) => {
      if (told.event === 'kept') kept.push(told.path);
    },
  });
  const read = (name: string): string => readFileSync(join(home, name), 'utf8');
  expect(read('secrets/stripe-secret-key')).toBe('sk_test_old');
  expect(statSync(join(home, 'secrets/stripe-secret-key')).mode & 0o777).toBe(0o600);
  expect(read('secrets/veriff-api-key')).toBe('new');
  expect(read('config/trust/root.json')).toBe('{"root":1}');
  expect(kept).toEqual([join(home, 'secrets/veriff-api-key')]);
  expect(report.kept).toEqual(kept);
});

test('the old configuration is laid beside, and never applied', async () => {
  const { home, box } = install({ http: { port: 8_099 } });
  const now = new Date();
  await restore({ source: taken.source, box, dryRun: false, now, tell: () => undefined });
  expect(readFileSync(join(home, 'config/from-backup/server.yaml'), 'utf8')).toBe(
    'profile: evaluation\n',
  );
  expect(existsSync(join(home, 'config/from-backup/appliance.yaml'))).toBe(true);
  expect(existsSync(join(home, 'config/server.yaml'))).toBe(false);
});

test('a machine that has nothing gets its appliance.yaml and secrets out of the backup', async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'sallyport-extract-')), 'out');
  const paths = await extractFiles(taken.source, folder);
  expect(paths).toContain(join(folder, 'config/appliance.yaml'));
  expect(readFileSync(join(folder, 'secrets/stripe-secret-key'), 'utf8')).toBe('sk_test_old');
  await expect(extractFiles(taken.source, folder)).rejects.toThrow('expected a new folder');
});
