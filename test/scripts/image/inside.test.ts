// What runs inside the image, tried outside it: arguments, the link to the baked cache, and init.sh as the
// parent of a real Node.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROOT } from '../../support/spawn-appliance.ts';
import { until } from '../../support/until.ts';

interface ImageDefaults {
  withImageDefaults(argv: readonly string[], env: Record<string, string>): string[];
}
interface CompileCache {
  linkBaked(baked: string, temporary: string, uid: number): string;
}

const INSIDE = join(ROOT, 'scripts/image/inside');
const { withImageDefaults } = (await import(join(INSIDE, 'image-defaults.js'))) as ImageDefaults;
const { linkBaked } = (await import(join(INSIDE, 'compile-cache.js'))) as CompileCache;
const OWN = ['--config', join(INSIDE, 'image.yaml')];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'image-inside-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('withImageDefaults', () => {
  test('puts the image’s own file before those of the customer, who wins', () => {
    expect(withImageDefaults(['api', '--config', 'a', '--config', 'b'], {})).toEqual([
      ...['api', ...OWN, '--config', 'a', '--config', 'b'],
    ]);
    expect(withImageDefaults([], { SALLYPORT_CONFIG: 'x, y' })).toEqual([
      ...[...OWN, '--config', 'x', '--config', 'y'],
    ]);
  });

  test('as without the image, files of the arguments replace those of the environment', () => {
    expect(withImageDefaults(['--config', 'a'], { SALLYPORT_CONFIG: 'x' })).toEqual([
      ...[...OWN, '--config', 'a'],
    ]);
  });

  test('leaves a --config without a file for the server to refuse', () => {
    expect(withImageDefaults(['all', '--config'], {})).toContain('--config');
    expect(withImageDefaults(['all', '--config'], {}).slice(0, 2)).toEqual(['all', '--config']);
  });
});

describe('linkBaked', () => {
  test('leads from the running UID’s name to the baked folder, as often as asked', () => {
    const baked = join(folder, 'baked');
    mkdirSync(join(baked, 'v24.1.0-x64-abcdef-0'), { recursive: true });
    const uid = process.getuid?.() ?? -1;
    const first = linkBaked(baked, folder, uid);
    expect(linkBaked(baked, folder, uid)).toBe(first);
    expect(readlinkSync(join(first, `v24.1.0-x64-abcdef-${uid}`))).toBe(
      join(baked, 'v24.1.0-x64-abcdef-0'),
    );
  });

  test('refuses a folder that others may write to', () => {
    const shared = join(folder, 'shared');
    const uid = process.getuid?.() ?? -1;
    mkdirSync(join(shared, `sallyport-compiled-${uid}`), { recursive: true });
    chmodSync(join(shared, `sallyport-compiled-${uid}`), 0o777);
    expect(() => linkBaked(join(folder, 'baked'), shared, uid)).toThrow('is not ours alone');
  });
});

describe('init.sh', () => {
  const start = (code: string): ChildProcess =>
    spawn('sh', [join(INSIDE, 'init.sh'), '-e', code], {
      env: { PATH: `${dirname(process.execPath)}:${process.env['PATH']}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const ended = (child: ChildProcess): Promise<number | null> =>
    new Promise((resolve) => child.once('exit', resolve));
  const saying = async (child: ChildProcess): Promise<void> => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await until('the first word', () => text.includes('up'));
  };
  const UP = 'console.log("up"); setInterval(() => {}, 1e6);';

  test.each([0, 3, 200])('ends with Node’s own exit code %i', async (code) => {
    expect(await ended(start(`process.exit(${code})`))).toBe(code);
  });

  test('says 128 and the signal when Node was killed', async () => {
    expect(await ended(start('process.kill(process.pid, "SIGKILL")'))).toBe(137);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'hands on %s and waits for the drain',
    async (signal) => {
      const drain = 'process.on("SIGTERM", () => setTimeout(() => process.exit(0), 200));';
      const child = start(drain + UP);
      await saying(child);
      child.kill(signal);
      expect(await ended(child)).toBe(0);
    },
  );

  test('a Node that listens to nothing ends by the signal, at once', async () => {
    const child = start(UP);
    await saying(child);
    child.kill('SIGTERM');
    expect(await ended(child)).toBe(143);
  });

  test('hands on SIGHUP and goes on', async () => {
    const child = start(`process.on("SIGHUP", () => process.exit(7)); ${UP}`);
    await saying(child);
    child.kill('SIGHUP');
    expect(await ended(child)).toBe(7);
  });
});
