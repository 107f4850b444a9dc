// docs/architecture.md says what the sources say; a page, a folder or an import that says otherwise is found.

import { beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Blocks, staleBlocks } from '../../../scripts/architecture/blocks.ts';
import { generateBlocks, pictures } from '../../../scripts/architecture/generate.ts';
import { type Import, readImports } from '../../../scripts/architecture/imports.ts';

const ROOT = join(import.meta.dirname, '../../..');
const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
let blocks: Blocks;
let imports: Import[];

beforeAll(() => {
  blocks = generateBlocks(ROOT, page);
  imports = readImports(ROOT);
}, 60_000);

describe('docs/architecture.md', () => {
  test('is not stale; if it is: npm run docs:architecture', () => {
    expect(staleBlocks(page, blocks)).toEqual([]);
  });

  test.each([
    ['tree', '  - `shared/`'],
    ['house', 'room_server_domains --> room_server_platform'],
    ['domains', 'room_payments --> room_ledger'],
    ['platform', 'room_inbox --> room_outbox'],
    ['tables', '`payment_decision`'],
  ])('a page whose %s lost “%s” is stale', (block, words) => {
    expect(page).toContain(words);
    expect(staleBlocks(page.replace(words, ''), blocks)).toContain(block);
  });

  test('the command finds a planted stale page and leaves it as it is', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-page-'));
    const file = join(folder, 'architecture.md');
    const planted = page.replace('room_payments --> room_ledger', 'room_payments --> room_devices');
    writeFileSync(file, planted);
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(ROOT, 'scripts/write-architecture.ts'), '--check', '--page', file],
      { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
    );
    expect(stderr).toMatch(/is stale \(.*domains.*\)/);
    expect(status).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe(planted);
    rmSync(folder, { recursive: true });
  }, 60_000);
});

describe('a new import shows in the pictures', () => {
  test.each([
    ['house', 'server/platform/http/app.ts', 'config/load.ts'],
    ['domains', 'server/domains/ledger/account.ts', 'server/domains/audit/index.ts'],
    ['platform', 'server/platform/crypto/seal.ts', 'server/platform/http/index.ts'],
    ['platform', 'server/domains/ledger/account.ts', 'server/platform/outbox/index.ts'],
  ])('%s: %s importing %s', (block, from, to) => {
    const before = pictures(imports, page);
    const after = pictures([...imports, { from, to }], page);
    const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
    expect(changed).toEqual([block]);
  });

  test('a permission that nobody uses is named', () => {
    const without = imports.filter(
      ({ from, to }) =>
        !(from.startsWith('server/domains/kyc/') && to.startsWith('server/domains/people/')),
    );
    expect(pictures(without, page)['domains']).toContain('used by nobody: kyc → people.');
  });
});
