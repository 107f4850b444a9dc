import { describe, expect, test } from '@jest/globals';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { permissionMessage } from '../../../installer/host/permission.ts';
import { ROOT } from '../../support/spawn-appliance.ts';

const NOBODY = 65_534;

describe('a refused path', () => {
  test('is said in one sentence with both users', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'sallyport-denied-')), 'state/journal.ndjson');
    const said = permissionMessage(Object.assign(new Error('raw'), { code: 'EACCES', path }));
    expect(said).toMatch(/journal\.ndjson: expected to run as .+ or root, found .+ \(id \d+\)\.$/);
  });

  test('anything else is left as it is', () => {
    expect(permissionMessage(Object.assign(new Error('x'), { code: 'ENOENT', path: '/x' }))).toBe(
      null,
    );
    expect(permissionMessage(new Error('x'))).toBeNull();
    expect(permissionMessage(null)).toBeNull();
  });

  test('status ends with 2 and names whose the install is', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-denied-'));
    chmodSync(folder, 0o755);
    const home = join(folder, 'box');
    mkdirSync(join(home, 'state'), { recursive: true, mode: 0o700 });
    chmodSync(home, 0o755);
    writeFileSync(join(home, 'state/journal.ndjson'), '');
    const file = join(folder, 'appliance.yaml');
    const box = { version: 1, process: { home, supervisor: 'pidfile' } };
    writeFileSync(file, JSON.stringify({ ...box, config: { profile: 'single' } }));
    // Only root can become somebody else; anybody can close a folder to himself.
    const isRoot = process.getuid?.() === 0;
    if (!isRoot) chmodSync(join(home, 'state'), 0);
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(ROOT, 'installer/main.ts'), 'status', '--file', file],
      {
        ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
        // Somebody else may not write the coverage of this run.
        env: { ...process.env, NODE_V8_COVERAGE: '' },
        encoding: 'utf8',
        timeout: 60_000,
      },
    );
    chmodSync(join(home, 'state'), 0o700);
    expect(stderr).toMatch(/^sallyport: \S+: expected to run as .*root, found .+\.\n$/);
    expect(status).toBe(2);
  });
});
