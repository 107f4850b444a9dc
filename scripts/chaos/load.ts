// The load between kills: faces at doors, events of devices, refunds, KYC and new people through the API.
// It keeps a little more than the wanted number of operations open and no more: a flood would only show
// that queues grow.

import type { Person } from '../../installer/story/cast.ts';
import { submitHostedPage } from '../../installer/story/twin-control.ts';
import type { Books } from './books.ts';
import { readInFlight } from './in-flight.ts';
import type { Journal } from './journal.ts';
import type { Random } from './random.ts';
import type { Rest } from './rest.ts';
import type { Terminal } from './terminal.ts';
import { sleep } from './wait.ts';

export interface Load {
  start(): void;
  /** No new work; what is asked already may still be answered. */
  stop(): Promise<void>;
  /** Payments asked for at doors and not answered. */
  asked(): number;
  unacknowledged(): number;
  /** Requests of the API that wait for their answer. */
  calling(): number;
}

export interface LoadOptions {
  random: Random;
  terminals: readonly Terminal[];
  payers: readonly Person[];
  siteId: string;
  rest: Rest;
  books: Books;
  journal: Journal;
}

const TURN_MS = 40;
/** Each payment is two operations: an authorisation and a capture. */
const OPEN_WANTED = 56;
/** A door has four hands at most; one is left for what is asked again after a crash. */
const ASKS_PER_DOOR = 3;
/** The share of questions whose deadline is about as long as an answer takes. */
const HURRIED = 0.4;
const CALLS_MAX = 6;
const CALL_EVERY_TURNS = 5;
const REPORT_EVERY_TURNS = 4;

export function createLoad(options: LoadOptions): Load {
  const { random, terminals, books } = options;
  const calls = new Set<Promise<void>>();
  const ended = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let open = 0;
  let turns = 0;
  const asked = (): number => terminals.reduce((sum, terminal) => sum + terminal.asked(), 0);

  const turn = (): void => {
    turns += 1;
    for (const terminal of terminals) {
      if (turns % REPORT_EVERY_TURNS === 0) terminal.report();
      const wants = open + 2 * asked() < OPEN_WANTED && terminal.asked() < ASKS_PER_DOOR;
      if (terminal.isOnline() && wants) {
        terminal.pay({
          personSeed: random.pick(options.payers).seed,
          amountMinor: random.integer(100, 2_000),
          ...(random.fraction() < HURRIED ? { deadlineMs: random.integer(100, 140) } : {}),
        });
      }
    }
    if (turns % CALL_EVERY_TURNS === 0 && calls.size < CALLS_MAX) {
      const call = callApi(options, turns).finally(() => calls.delete(call));
      calls.add(call);
    }
  };
  const run = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      open = await readInFlight(books).then(
        (seen) => seen.open,
        () => open, // the database is busy with a start
      );
      turn();
      await sleep(TURN_MS);
    }
  };
  return {
    start: () => {
      running = run();
    },
    stop: async () => {
      ended.abort();
      await running;
      await Promise.all(calls);
    },
    asked,
    unacknowledged: () => terminals.reduce((sum, terminal) => sum + terminal.unacknowledged(), 0),
    calling: () => calls.size,
  };
}

async function callApi(options: LoadOptions, turn: number): Promise<void> {
  const kinds = [refundSome, createPerson, askForKyc] as const;
  const call = kinds[Math.floor(turn / CALL_EVERY_TURNS) % kinds.length];
  await call?.(options, turn);
}

async function createPerson({ rest, siteId, journal }: LoadOptions, turn: number): Promise<void> {
  const body = { node_id: siteId, display_name: `Rehearsal ${turn}` };
  const answer = await rest.post('/v1/people', body);
  if (answer?.status === 201) journal.created({ kind: 'person', id: String(answer.body['id']) });
}

async function refundSome({ rest, books, journal, random }: LoadOptions): Promise<void> {
  const captured = await books
    .rows<{ id: string }>(
      `select id from payment where status = 'captured' order by created_at desc limit 20`,
    )
    .catch(() => []);
  if (captured.length === 0) return;
  const payment = random.pick(captured).id;
  const answer = await rest.post(`/v1/payments/${payment}/refunds`, {
    amount: random.integer(1, 50),
  });
  if (answer?.status !== 202) return;
  const operations = answer.body['operations'] as { id: string; kind: string }[];
  for (const { id, kind } of operations) if (kind === 'refund') journal.created({ kind, id });
}

/** To its end, when the page comes up in time; sessions that nobody completes are life as well. */
async function askForKyc({ rest, journal, random }: LoadOptions): Promise<void> {
  // Not of those who pay: an open session must not take their approval away.
  const people = journal.things().filter(({ kind }) => kind === 'person');
  if (people.length === 0) return;
  const answer = await rest.post(`/v1/people/${random.pick(people).id}/kyc-sessions`, {});
  if (answer?.status !== 201 && answer?.status !== 202) return;
  const id = String(answer.body['id']);
  journal.created({ kind: 'kyc_session', id });
  for (let tries = 0; tries < 20; tries += 1) {
    await sleep(250);
    const seen = await rest.get(`/v1/kyc-sessions/${id}`).catch(() => null);
    const url = seen?.body['url'];
    if (typeof url !== 'string') continue;
    // The twin may be dead at this moment: then nobody completes this one.
    await submitHostedPage(url, { outcome: 'approved' }).catch(() => 0);
    return;
  }
}
