// The simulated terminal as a process against a real gateway: claims, reports, asks, obeys, and loses
// nothing over kills and cuts.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  issueCode,
  register,
  type Rig,
  sendCommand,
  startRig,
} from '../domains/devices/gateway-rig.ts';
import { type SeededOrganization, useTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { spawnTerminal, type TerminalProcess } from './terminal-process.ts';

const { databases, deps, seedOrganization } = useTestDatabase();
const folder = mkdtempSync(join(tmpdir(), 'sallyport-terminal-'));
const decided: string[] = [];
/** By command: a transaction may be tried again, its effect counts once. */
const results = new Map<string, Record<string, unknown>>();
let rig: Rig;
let seeded: SeededOrganization;
let running: TerminalProcess[] = [];
let stores = 0;

beforeAll(async () => {
  seeded = await seedOrganization();
  rig = await startRig(deps(), {
    decisions: {
      payment: async ({ signal }, { id, p }) => {
        decided.push(id);
        if (p['description'] === 'slow') {
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        }
        return {
          decision: 'approved',
          reason: null,
          quality: (p['probe'] as { quality: number }).quality,
        };
      },
    },
    commandResults: {
      enrol: {
        store: async (_tx, _context, { commandId, result }) => {
          results.set(commandId, result);
          return { stored: true };
        },
      },
    },
  });
});
afterAll(async () => {
  await rig.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  await Promise.all(running.map((terminal) => terminal.kill()));
  running = [];
});

const newStore = (): string => join(folder, `store-${(stores += 1)}`);
const start = (store: string, flags: readonly string[] = []): TerminalProcess => {
  const terminal = spawnTerminal(store, flags);
  running.push(terminal);
  return terminal;
};
const claimed = async (): Promise<{ store: string; terminal: TerminalProcess; device: string }> => {
  const device = await register(rig, seeded);
  const store = newStore();
  const terminal = start(store, ['--claim', await issueCode(rig, seeded.orgId, device)]);
  await terminal.next('online');
  return { store, terminal, device };
};
const storedSequences = async (device: string): Promise<number[]> => {
  const rows = await databases()
    .org(seeded.orgId)
    .query<{ seq: number }>(
      'select seq from device_event where org_id = $1 and device_id = $2 order by seq',
      [seeded.orgId, device],
    );
  return rows.map(({ seq }) => seq);
};

describe('a simulated terminal', () => {
  test('claims its place, connects, and comes back by itself', async () => {
    const { store, terminal, device } = await claimed();
    expect(terminal.lines[0]).toEqual({ ev: 'claimed', device });
    terminal.tell({ cmd: 'drop' });
    expect(await terminal.next('offline')).toMatchObject({ code: 1006 });
    expect(await terminal.next('online')).toMatchObject({ gen: 2, device });
    expect(await terminal.kill()).toBe(0);
    expect(await start(store).next('online')).toMatchObject({ gen: 3 });
  });

  test('keeps its events over a kill and sends each once', async () => {
    const { store, terminal, device } = await claimed();
    terminal.tell({ cmd: 'event', type: 'door.opened', data: { door: 1 }, count: 3 });
    await terminal.next('acked', (line) => line['seq'] === 3);
    terminal.tell({ cmd: 'offline' });
    await terminal.next('offline');
    terminal.tell({ cmd: 'event', type: 'door.opened', count: 400 });
    await terminal.next('stored', (line) => line['seq'] === 403);
    await terminal.kill('SIGKILL');
    const again = start(store);
    expect(await again.next('online')).toMatchObject({ acked: 3 });
    await again.next('acked', (line) => line['seq'] === 403);
    expect(await storedSequences(device)).toEqual(Array.from({ length: 403 }, (_, at) => at + 1));
    again.tell({ cmd: 'stats' });
    expect(await again.next('stats')).toMatchObject({ recorded: 403, acked: 403 });
  });

  test('reports a load of events and loses none', async () => {
    const { terminal, device } = await claimed();
    terminal.tell({ cmd: 'load', per_second: 2_000 });
    await terminal.next('acked', (line) => Number(line['seq']) > 1_500);
    terminal.tell({ cmd: 'load', per_second: 0 });
    await terminal.next('load', (line) => line['per_second'] === 0);
    terminal.tell({ cmd: 'stats' });
    const { recorded } = await terminal.next('stats');
    await until('all of them', async () => (await storedSequences(device)).length === recorded);
  });

  test('asks with a fresh probe and tells the answer with its latency', async () => {
    const { terminal } = await claimed();
    terminal.tell({ cmd: 'pay', amount: 1_250, currency: 'EUR', person_seed: 'ada' });
    const { id } = await terminal.next('asked');
    const answer = await terminal.next('answer');
    expect(answer).toMatchObject({ id, decision: 'approved', reason: null });
    expect(answer['ms']).toBeGreaterThan(0);
    expect(answer['quality']).toBeGreaterThan(0);
  });

  test('repeats the same question after a lost line and after a kill', async () => {
    const { store, terminal } = await claimed();
    const slow = {
      cmd: 'pay',
      amount: 1,
      currency: 'EUR',
      person_seed: 'ada',
      description: 'slow',
    };
    terminal.tell({ ...slow, deadline_ms: 60_000 });
    const { id } = await terminal.next('asked');
    await until('the first question', () => decided.includes(String(id)));
    terminal.tell({ cmd: 'drop' });
    await until('the second', () => decided.filter((each) => each === id).length >= 2);
    await terminal.kill('SIGKILL');
    const again = start(store);
    await until('the third', () => decided.filter((each) => each === id).length >= 3);
    expect(again.lines.filter((line) => line['ev'] === 'answer')).toEqual([]);
  });

  test('enrols whoever stands before it, and carries a command out once', async () => {
    const { terminal, store, device } = await claimed();
    const command = {
      deviceId: device,
      method: 'enrol',
      params: { person_id: 'per_1', modality: 'face' },
    };
    const early = await sendCommand(rig, seeded.orgId, command);
    await terminal.next('command_settled', (line) => line['id'] === early);
    expect(results.size).toBe(0);
    terminal.tell({ cmd: 'stand', person_seed: 'ada' });
    await terminal.next('standing');
    const id = await sendCommand(rig, seeded.orgId, command);
    await terminal.next('command_settled', (line) => line['id'] === id);
    expect([...results.keys()]).toEqual([id]);
    const carriedOut = terminal.lines.filter(
      (line) => line['ev'] === 'command' && line['id'] === id,
    );
    expect(carriedOut).toHaveLength(1);
    const [capture] = (results.get(id)?.['captures'] ?? []) as { vector: string }[];
    expect(Buffer.from(capture?.vector ?? '', 'base64')).toHaveLength(2_048);
    await terminal.kill('SIGKILL');
    const again = start(store);
    again.tell({ cmd: 'stats' });
    expect(await again.next('stats')).toMatchObject({ unsettled_commands: 0 });
  });

  test('does not carry a command out again when it died before its result was told', async () => {
    const { terminal, store, device } = await claimed();
    terminal.tell({ cmd: 'behave', as: 'die_before_reply' });
    await terminal.next('behaving');
    const command = { deviceId: device, method: 'message', params: { text: 'hi' } };
    const id = await sendCommand(rig, seeded.orgId, command);
    expect(await terminal.kill('SIGCONT')).toBeNull();
    const again = start(store);
    await again.next('command_settled', (line) => line['id'] === id);
    expect(again.lines.filter((line) => line['ev'] === 'command')).toEqual([]);
    const rows = await databases()
      .org(seeded.orgId)
      .query('select status from device_command where org_id = $1 and id = $2', [seeded.orgId, id]);
    expect(rows).toEqual([{ status: 'succeeded' }]);
  });

  test('names the field of a wrong control line and goes on', async () => {
    const { terminal } = await claimed();
    for (const [control, field] of [
      [{ cmd: 'fly' }, 'cmd'],
      [{ cmd: 'pay', amount: 1.5, currency: 'EUR', person_seed: 'a' }, 'amount'],
      [{ cmd: 'pay', amount: 1, currency: 'EUR' }, 'person_seed'],
      [{ cmd: 'behave', as: 'badly' }, 'as'],
      [{ cmd: 'event' }, 'type'],
    ] as const) {
      terminal.tell(control);
      expect((await terminal.next('refused'))['why']).toContain(field);
    }
  });

  test('refuses to start without a place and without a claim', async () => {
    const terminal = start(newStore());
    expect(await terminal.kill('SIGCONT')).toBe(2);
    expect(terminal.errors()).toContain('--claim');
  });
});
