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
  /** Whoever asks in a hurry is often told that the question has expired. */
  pay(asked: { personSeed: string; amountMinor: number; deadlineMs?: number }): void;
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
/** A door in a hurry would give up on everything that a kill delays. The server grants as much. */
export const DEADLINE_MS = 8_000;
const SETTINGS = {
  'deadline-ms': DEADLINE_MS,
  'backoff-ms': 10,
  'backoff-spread-ms': 30,
};

/** What it has said of itself so far. */
interface Heard {
  isOnline: boolean;
  recorded: number;
  acked: number;
  open: Set<string>;
}

export function createTerminal({ root, store, device, journal }: TerminalOptions): Terminal {
  const flags = Object.entries(SETTINGS).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  const args = [join(root, 'simulators/terminal/main.ts'), '--store', store, ...flags];
  const heard: Heard = { isOnline: false, recorded: 0, acked: 0, open: new Set() };
  const told = record(journal, device);
  let child: Child | null = null;

  const launch = (more: readonly string[]): Child => {
    heard.isOnline = false;
    child = startChild({
      name: `terminal ${device}`,
      args: [...args, ...more],
      logFile: `${store}.log`,
      onLine: (line) => listen(heard, told, line),
    });
    return child;
  };
  return {
    claim: async (code) => {
      await launch(['--claim', code]).line((line) => line['ev'] === 'online', 'online', READY_MS);
    },
    start: () => {
      const { recorded, acked, open } = readStore(store);
      Object.assign(heard, { recorded, acked, open: new Set(open) });
      launch([]);
    },
    kill: async () => {
      await child?.kill();
      heard.isOnline = false;
    },
    stop: async () => child?.stop(5_000),
    isOnline: () => heard.isOnline,
    pay: ({ personSeed, amountMinor, deadlineMs = DEADLINE_MS }) => {
      const amount = { amount: amountMinor, currency: CURRENCY };
      child?.tell({ cmd: 'pay', person_seed: personSeed, ...amount, deadline_ms: deadlineMs });
    },
    report: () => child?.tell({ cmd: 'event', type: 'rehearsal.tick', data: {}, count: 2 }),
    asked: () => heard.open.size,
    unacknowledged: () => Math.max(0, heard.recorded - heard.acked),
    testify: () => {
      const disk = readStore(store);
      told.receipt(disk.epoch, disk.acked);
      for (const [ref, answer] of disk.answers) told.answer(ref, JSON.parse(answer) as Line);
    },
  };
}

interface Told {
  receipt(epoch: string, acked: number): void;
  answer(ref: string, answer: Line): void;
}

function record(journal: Journal, device: string): Told {
  return {
    receipt: (epoch, acked) => journal.acknowledged({ device, epoch, acked }),
    answer: (ref, { decision, payment_id: payment }) => {
      if (decision !== 'approved' && decision !== 'refused' && decision !== 'expired') return;
      journal.answered({ ref, device, decision, paymentId: (payment as string | null) ?? null });
    },
  };
}

function listen(heard: Heard, told: Told, line: Line): void {
  const id = String(line['id']);
  const acked = Number(line['acked'] ?? line['seq']);
  switch (line['ev']) {
    case 'online':
    case 'acked':
      heard.isOnline = true;
      heard.acked = Math.max(heard.acked, acked);
      told.receipt(String(line['epoch']), acked);
      return;
    case 'offline':
      heard.isOnline = false;
      return;
    case 'asked':
      heard.open.add(id);
      return;
    case 'answer':
      heard.open.delete(id);
      told.answer(id, line);
      return;
    case 'stored':
      heard.recorded = Math.max(heard.recorded, Number(line['seq']));
      return;
    default:
      return; // what else it says is for its log
  }
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
