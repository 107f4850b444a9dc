import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { copyRelease, freezeRelease, makeBox, type RealBox } from '../support/real-box.ts';

const APPLY = ['apply', '--no-preflight', '--soak-ms', '1000'] as const;

let shelf: string;
let good: string;
const boxes: RealBox[] = [];

beforeAll(async () => {
  shelf = mkdtempSync(join(tmpdir(), 'sallyport-shelf-'));
  good = await freezeRelease(shelf);
});

afterAll(async () => {
  for (const box of boxes) await box.remove();
  rmSync(shelf, { recursive: true, force: true });
});

async function newBox(): Promise<RealBox> {
  const box = await makeBox(good);
  boxes.push(box);
  return box;
}

async function versionOf(box: RealBox): Promise<string> {
  const response = await fetch(`${box.api}/version`);
  return ((await response.json()) as { version: string }).version;
}

function pidOf({ home }: RealBox): string {
  return readFileSync(join(home, 'state/server.pid'), 'utf8').split(' ')[0] ?? '';
}

async function whoAmI({ api, home }: RealBox): Promise<number> {
  const key = readFileSync(join(home, 'data/bootstrap-api-key'), 'utf8').trim();
  const headers = { authorization: `Bearer ${key}` };
  return (await fetch(`${api}/v1/whoami`, { headers })).status;
}

describe('the process runtime, for real', () => {
  test('applies, and the second time changes nothing', async () => {
    const box = await newBox();
    const first = await box.run(...APPLY);
    expect(first).toMatchObject({ code: 0 });
    expect(await versionOf(box)).toBe('0.1.0');
    const pid = pidOf(box);
    const journal = readFileSync(join(box.home, 'state/journal.ndjson'), 'utf8');
    expect(await box.run(...APPLY)).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' });
    expect(pidOf(box)).toBe(pid);
    expect(readFileSync(join(box.home, 'state/journal.ndjson'), 'utf8')).toBe(journal);
    expect(await box.run('verify')).toMatchObject({ code: 0 });
    expect(await box.run('status')).toMatchObject({ code: 0 });
  });

  test.each([
    [
      'does not start',
      { 'server/main.ts': (text: string) => text.replace('requireNode();', 'process.exit(3);') },
    ],
    [
      'starts and is never ready',
      {
        'server/domains/appliance/health.ts': (text: string) =>
          text.replace('jsonAnswer(ready ? 200 : 503', 'jsonAnswer(ready ? 500 : 503'),
      },
    ],
    [
      'has a migration that fails',
      {
        'migrations/index.ts': (text: string) =>
          text.replace(
            /(export const MIGRATIONS[^=]*= \[)/,
            `$1{ name: '9999-broken', up: async (k: { schema: { raw(sql: string): Promise<void> } }) => { await k.schema.raw('create table half_made (id text)'); throw new Error('a migration that fails'); }, down: async () => undefined } as never,`,
          ),
      },
    ],
  ])('a release that %s leaves the old one serving and the data as it was', async (_, changes) => {
    const box = await newBox();
    expect(await box.run(...APPLY)).toMatchObject({ code: 0 });
    const current = readlinkSync(join(box.home, 'current'));
    const broken = copyRelease(good, `9.9.${boxes.length}`, changes);
    const refused = await box.run(...APPLY, '--release', broken);
    expect(refused).toMatchObject({ code: 4 });
    expect(await versionOf(box)).toBe('0.1.0');
    expect(await whoAmI(box)).toBe(200);
    expect(readlinkSync(join(box.home, 'current'))).toBe(current);
    expect(readdirSync(join(box.home, 'releases'))).toHaveLength(1);
    expect(await box.run(...APPLY)).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' });
    expect(await box.run('verify')).toMatchObject({ code: 0 });
    rmSync(broken, { recursive: true });
  });

  test('a good release takes over, and its data is the same', async () => {
    const box = await newBox();
    expect(await box.run(...APPLY)).toMatchObject({ code: 0 });
    const next = copyRelease(good, '0.2.0', {});
    expect(await box.run(...APPLY, '--release', next)).toMatchObject({ code: 0 });
    expect(await versionOf(box)).toBe('0.2.0');
    expect(await whoAmI(box)).toBe(200);
    rmSync(next, { recursive: true });
  });

  test('killed with SIGKILL at a sample of steps and run again, it ends the same', async () => {
    for (const step of ['release', 'checked', 'migrated', 'switch', 'serve', 'sweep']) {
      const box = await newBox();
      const wasKilled = await box.applyAndKill(step);
      // Nothing old to sweep on a first install: that step is never begun.
      expect({ step, wasKilled }).toEqual({ step, wasKilled: step !== 'sweep' });
      const again = await box.run(...APPLY);
      expect({ step, ...again }).toMatchObject({ step, code: 0 });
      expect(await versionOf(box)).toBe('0.1.0');
      expect(readdirSync(join(box.home, 'releases'))).toHaveLength(1);
      expect(readdirSync(join(box.home, 'applied'))).toHaveLength(1);
      expect(existsSync(join(box.home, 'state/lock'))).toBe(false);
      expect(await box.run(...APPLY)).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' });
      await box.remove();
      boxes.splice(boxes.indexOf(box), 1);
    }
  });

  test('a trust root that was changed keeps the server from starting', async () => {
    const box = await newBox();
    expect(await box.run(...APPLY)).toMatchObject({ code: 0 });
    const root = join(box.home, 'config/trust/root.json');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(root, readFileSync(root, 'utf8').replace('"version": 1', '"version": 2'));
    process.kill(Number(pidOf(box)), 'SIGKILL');
    const again = await box.run(...APPLY);
    expect(again.code).not.toBe(0);
    expect(again.stderr).toContain('The trust root');
    expect(await box.run('verify')).toMatchObject({ code: 1 });
  });
});
