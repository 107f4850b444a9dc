// Fault points as a rehearsal sees them: a process that reaches the wanted point stands still in it, can be
// killed there, and goes on when it is let go.

import { afterEach, describe, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WINDOWS } from '../../../scripts/chaos/plan.ts';
import { FAULT_POINTS } from '../../../server/platform/drill/fault-points.ts';
import { faultPointFile } from '../../../server/platform/drill/fault-point-file.ts';
import { until } from '../../support/until.ts';

const MODULE = new URL('../../../server/platform/drill/fault-point-file.ts', import.meta.url).href;

function newFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'fault-point-')), 'fault-point');
}

let child: ChildProcess | null = null;

afterEach(() => {
  child?.kill('SIGKILL');
  child = null;
});

/** Passes `reply_read` once a turn and says each time that it came through. */
function startPasser(file: string): { passes: () => number } {
  const program = `
    const { faultPointFile } = await import(${JSON.stringify(MODULE)});
    const points = faultPointFile(${JSON.stringify(file)});
    setInterval(() => { points.reached('reply_read', ['POST /v1/things']); process.stdout.write('.'); }, 2);`;
  const started = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  child = started;
  let passes = 0;
  started.stdout.on('data', (chunk: Buffer) => (passes += chunk.length));
  return { passes: () => passes };
}

describe('fault points by a file', () => {
  test('the rehearsal and the server name the same windows', () => {
    expect(WINDOWS).toEqual(FAULT_POINTS);
  });

  test('nothing stops where no point is wanted, or another one, or about something else', () => {
    const file = newFile();
    const points = faultPointFile(file);
    points.reached('reply_read', []);
    writeFileSync(file, JSON.stringify({ id: '1', point: 'request_written', skip: 0 }));
    points.reached('reply_read', []);
    const touching = ['device_event'];
    writeFileSync(file, JSON.stringify({ id: '2', point: 'transaction_open', skip: 0, touching }));
    points.reached('transaction_open', ['payment']);
    expect(existsSync(`${file}.reached`)).toBe(false);
  });

  test('a process stands in the wanted point until it is let go', async () => {
    const file = newFile();
    const { passes } = startPasser(file);
    await until('passes', () => passes() > 2);
    writeFileSync(file, JSON.stringify({ id: '7', point: 'reply_read', skip: 2 }));
    await until('the process to stand', () => existsSync(`${file}.reached`));
    expect(JSON.parse(readFileSync(`${file}.reached`, 'utf8'))).toEqual({
      id: '7',
      point: 'reply_read',
      about: ['POST /v1/things'],
      pid: child?.pid,
    });
    const standing = passes();
    rmSync(file);
    await until('passes', () => passes() > standing + 2);
  });

  test('a process that stands can be killed, and never comes through', async () => {
    const file = newFile();
    writeFileSync(file, JSON.stringify({ id: '8', point: 'reply_read', skip: 3 }));
    const { passes } = startPasser(file);
    await until('the process to stand', () => existsSync(`${file}.reached`));
    await until('three passes', () => passes() === 3);
    const ended = new Promise((resolve) => child?.once('exit', (_code, signal) => resolve(signal)));
    child?.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    expect(passes()).toBe(3);
  });
});
