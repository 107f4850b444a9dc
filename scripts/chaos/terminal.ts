// A simulated terminal under the rehearsal's hand. What it answers and acknowledges goes into the journal
// the moment it says so, and again at the end from its own disk, which a kill may have let run ahead of its
// words. After a kill it starts again from its store and goes on by itself.

import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { type Child, type Line, startChild } from './child.ts';
import type { Journal } from './journal.ts';

export interface Terminal {
  claim(code: string): Promise<void>;
  start(): void;
  kill(): Promise<void>;
  stop(): Promise<void>;
  isOnline(): boolean;
  pay(personSeed: string, amountMinor: number): void;
  /** Events of the device itself. */
  report(): void;
  /** Payments that were asked for here and not answered. */
  asked(): number;
  unacknowledged(): number;
  /** Adds to the journal what its disk says it was told. */
  testify(): void;
}

export interface TerminalOptions {
  root: string;
  store: string;
  device: string;
  journal: Journal;
}

const READY_MS = 30_000;
const CURRENCY = 'EUR';
const SETTINGS = {
  // A door in a hurry would give up on everything that a kill delays, and nothing would be proven.
  'deadline-ms': 8_000,
  'backoff-ms': 10,
  'backoff-spread-ms': 30,
};

export function createTerminal({ root, store, device, journal }: TerminalOptions): Terminal {
  const flags = Object.entries(SETTINGS).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  const args = [join(root, 'simulators/terminal/main.ts'), '--store', store, ...flags];
  const state = { isOnline: false, recorded: 0, acked: 0, open: new Set<string>() };
  let child: Child | null = null;

  const onLine = (line: Line): void => {
    switch (line['ev']) {
      case 'online':
        state.isOnline = true;
        return received(String(line['epoch']), Number(line['acked']));
      case 'offline':
        state.isOnline = false;
        return;
      case 'asked':
        return void state.open.add(String(line['id']));
      case 'answer':
        state.open.delete(String(line['id']));
        return answered(String(line['id']), line);
      case 'stored':
        state.recorded = Math.max(state.recorded, Number(line['seq']));
        return;
      case 'acked':
        return received(String(line['epoch']), Number(line['seq']));
    }
  };
  const received = (epoch: string, acked: number): void => {
    state.acked = Math.max(state.acked, acked);
    journal.acknowledged({ device, epoch, acked });
  };
  const answered = (ref: string, answer: Line): void => {
    const { decision, payment_id: payment } = answer;
    if (decision !== 'approved' && decision !== 'refused') return;
    journal.answered({ ref, device, decision, paymentId: (payment as string | null) ?? null });
  };
  const launch = (more: readonly string[]): Child => {
    state.isOnline = false;
    child = startChild({
      name: `terminal ${device}`,
      args: [...args, ...more],
      logFile: `${store}.log`,
      onLine,
    });
    return child;
  };
  return {
    claim: async (code) => {
      await launch(['--claim', code]).line((line) => line['ev'] === 'online', 'online', READY_MS);
    },
    start: () => {
      const disk = readStore(store);
      state.recorded = disk.recorded;
      state.acked = disk.acked;
      state.open = new Set(disk.open);
      launch([]);
    },
    kill: async () => {
      await child?.kill();
      state.isOnline = false;
    },
    stop: async () => child?.stop(5_000),
    isOnline: () => state.isOnline,
    pay: (personSeed, amountMinor) => {
      const amount = { amount: amountMinor, currency: CURRENCY };
      child?.tell({ cmd: 'pay', person_seed: personSeed, ...amount });
    },
    report: () => child?.tell({ cmd: 'event', type: 'rehearsal.tick', data: {}, count: 2 }),
    asked: () => state.open.size,
    unacknowledged: () => Math.max(0, state.recorded - state.acked),
    testify: () => {
      const disk = readStore(store);
      journal.acknowledged({ device, epoch: disk.epoch, acked: disk.acked });
      for (const [ref, answer] of disk.answers) answered(ref, JSON.parse(answer) as Line);
    },
  };
}

interface Disk {
  epoch: string;
  recorded: number;
  acked: number;
  open: string[];
  answers: [string, string][];
}

function readStore(folder: string): Disk {
  const db = new Sqlite(join(folder, 'terminal.sqlite'), { fileMustExist: true });
  try {
    const facts = new Map(
      (db.prepare('select name, value from fact').all() as { name: string; value: string }[]).map(
        ({ name, value }) => [name, value],
      ),
    );
    const operations = db.prepare('select id, answer from operation').all() as {
      id: string;
      answer: string | null;
    }[];
    return {
      epoch: facts.get('epoch') ?? '',
      recorded: Number(facts.get('next_seq') ?? 1) - 1,
      acked: Number(facts.get('acked') ?? 0),
      open: operations.filter(({ answer }) => answer === null).map(({ id }) => id),
      answers: operations.flatMap(({ id, answer }) =>
        answer === null ? [] : [[id, answer] as [string, string]],
      ),
    };
  } finally {
    db.close();
  }
}
