// Load that forgives nothing: writes and reads of the API, one try each, payments and events at terminals. What
// fails is named. Asks are patient, so one that expires is a failure too.

import { randomUUID } from 'node:crypto';
import type { Person } from '../../installer/story/cast.ts';
import type { Journal } from '../../scripts/chaos/journal.ts';
import type { Random } from '../../scripts/chaos/random.ts';
import type { Terminal } from '../../scripts/chaos/terminal.ts';
import { sleep, until } from '../../scripts/chaos/wait.ts';

export interface UpgradeLoad {
  /** Until this many more calls and answers at doors came back, or something failed: then all is known. */
  more(many: { calls: number; answers: number }): Promise<void>;
  stop(): Promise<Outcome>;
}

export interface Outcome {
  calls: number;
  answers: number;
  slowestMs: number;
  failures: readonly string[];
}

export interface LoadOn {
  api: string;
  apiKey: string;
  siteId: string;
  payers: readonly Person[];
  terminals: readonly Terminal[];
  journal: Journal;
  random: Random;
}

const CALLERS = 3;
const TURN_MS = 25;
const ASKS_PER_DOOR = 2;
const ANSWER_MS = 15_000;

interface Seen {
  calls: number;
  slowestMs: number;
  failures: string[];
}

export function startLoad(on: LoadOn): UpgradeLoad {
  const { terminals, journal } = on;
  const seen: Seen = { calls: 0, slowestMs: 0, failures: [] };
  const before = journal.answers().length;
  const ended = new AbortController();
  const again = async (turn: () => Promise<void> | void): Promise<void> => {
    while (!ended.signal.aborted) {
      await turn();
      await sleep(TURN_MS);
    }
  };
  const running = [
    ...Array.from({ length: CALLERS }, () => again(() => callOnce(on, seen))),
    again(() => stir(on)),
  ];
  const answers = (): number => journal.answers().length - before;
  return {
    more: async (many) => {
      const from = { calls: seen.calls, answers: answers() };
      const came = (): boolean =>
        seen.failures.length > 0 ||
        (seen.calls >= from.calls + many.calls && answers() >= from.answers + many.answers);
      if (!(await until(came, { timeoutMs: 60_000, everyMs: 20 })))
        seen.failures.push(`expected ${JSON.stringify(many)} more within a minute`);
    },
    stop: async () => {
      ended.abort();
      await Promise.all(running);
      const isQuiet = (): boolean =>
        terminals.every((terminal) => terminal.asked() === 0 && terminal.unacknowledged() === 0);
      const isKnown = seen.failures.length > 0;
      if (!isKnown && !(await until(isQuiet, { timeoutMs: ANSWER_MS, everyMs: 20 })))
        seen.failures.push('a terminal was not answered');
      const expired = journal
        .answers()
        .slice(before)
        .filter(({ decision }) => decision === 'expired')
        .map(({ ref }) => `the ask ${ref} expired`);
      return { ...seen, answers: answers(), failures: [...seen.failures, ...expired] };
    },
  };
}

function stir({ terminals, payers, random }: LoadOn): void {
  for (const terminal of terminals) {
    if (!terminal.isOnline()) continue;
    terminal.report();
    if (terminal.asked() >= ASKS_PER_DOOR) continue;
    terminal.pay({ personSeed: random.pick(payers).seed, amountMinor: random.integer(100, 900) });
  }
}

async function callOnce({ api, apiKey, siteId, journal }: LoadOn, seen: Seen): Promise<void> {
  const since = performance.now();
  const call = async (path: string, init: RequestInit = {}): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${api}${path}`, {
      signal: AbortSignal.timeout(ANSWER_MS),
      ...init,
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} → ${answer.status} ${text.slice(0, 200)}`);
    return JSON.parse(text) as Record<string, unknown>;
  };
  try {
    const body = JSON.stringify({ node_id: siteId, display_name: `Under load ${seen.calls}` });
    const { id } = await call('/v1/people', { method: 'POST', body });
    journal.created({ kind: 'person', id: String(id) });
    await call(`/v1/people/${String(id)}`);
    await call('/v1/payments?limit=5');
  } catch (error) {
    seen.failures.push((error as Error).message);
  }
  seen.calls += 1;
  seen.slowestMs = Math.max(seen.slowestMs, performance.now() - since);
}
