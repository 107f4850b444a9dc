// Carries out one kill of the plan: waits until the work is there, brings the victim to where it shall die,
// logs what is in flight, kills -9, and starts it again. Returns whether it died where it was meant to.

import Sqlite from 'better-sqlite3';
import type { Books } from './books.ts';
import { LATE_MS } from './fault-mix.ts';
import { describeInFlight, type InFlight, readInFlight } from './in-flight.ts';
import type { Load } from './load.ts';
import { describeKill, type Kill } from './plan.ts';
import { PATIENCE_MS, type ServerProcess } from './server.ts';
import type { Terminal } from './terminal.ts';
import type { Twin } from './twin.ts';
import { sleep, until } from './wait.ts';

/** Fewer would be a rehearsal of an idle appliance. */
export const OPEN_MIN = 32;

export interface Stage {
  books: Books;
  load: Load;
  server: ServerProcess;
  twins: { stripe: Twin; veriff: Twin };
  terminals: readonly Terminal[];
  log: (line: string) => void;
}

const LOADED_MS = 60_000;
const REACHED_MS = 10_000;
const SETTLED_MS = PATIENCE_MS + LATE_MS.max + 200;

export async function carryOut(stage: Stage, id: string, kill: Kill): Promise<boolean> {
  if (!(await isLoaded(stage))) {
    const seen = describeInFlight(await readInFlight(stage.books));
    throw new Error(`Expected ${OPEN_MIN} open operations before kill ${id}, found: ${seen}`);
  }
  switch (kill.victim) {
    case 'server':
      return killServer(stage, id, kill);
    case 'terminal':
      return killTerminal(stage, id, kill);
    default:
      return killTwin(stage, id, kill);
  }
}

function isLoaded({ books, load }: Stage): Promise<boolean> {
  return until(async () => openOf(await readInFlight(books), load) >= OPEN_MIN, {
    timeoutMs: LOADED_MS,
    everyMs: 50,
  });
}

function openOf(inFlight: InFlight, load: Load): number {
  return inFlight.open + load.asked();
}

async function logKill(stage: Stage, id: string, kill: Kill, about = ''): Promise<void> {
  const inFlight = await readInFlight(stage.books);
  const { load, log } = stage;
  log(
    `kill ${id}  ${describeKill(kill)}${about === '' ? '' : ` (${about})`} · ` +
      `${openOf(inFlight, load)} open: ${describeInFlight(inFlight)}, ` +
      `asks ${load.asked()}, unacknowledged events ${load.unacknowledged()}, requests ${load.calling()}`,
  );
}

async function killServer(
  stage: Stage,
  id: string,
  kill: Extract<Kill, { victim: 'server' }>,
): Promise<boolean> {
  const { server } = stage;
  let about = '';
  let isHit = true;
  if (kill.window !== null) {
    server.arm(id, kill);
    isHit = await until(() => server.reached(id) !== null, {
      timeoutMs: REACHED_MS,
      everyMs: 5,
    });
    about = isHit
      ? (server.reached(id)?.about.join(' ') ?? '')
      : 'NOT REACHED, killed where it was';
  }
  await logKill(stage, id, kill, about);
  await sleep(kill.afterMs);
  await server.kill();
  await server.start();
  return isHit;
}

async function killTerminal(
  stage: Stage,
  id: string,
  kill: Extract<Kill, { victim: 'terminal' }>,
): Promise<boolean> {
  const terminal = stage.terminals[kill.index];
  if (terminal === undefined) throw new Error(`Expected a terminal ${kill.index}, found none.`);
  await sleep(kill.afterMs);
  await logKill(stage, id, kill);
  await terminal.kill();
  terminal.start();
  return true;
}

async function killTwin(
  stage: Stage,
  id: string,
  kill: Extract<Kill, { victim: 'stripe' | 'veriff' }>,
): Promise<boolean> {
  const twin = stage.twins[kill.victim];
  if (kill.forgets) await loseReplies(twin);
  await sleep(kill.afterMs);
  await logKill(stage, id, kill);
  await twin.kill();
  if (kill.forgets) forgetKeys(twin);
  await sleep(kill.downMs);
  await twin.start();
  return true;
}

/**
 * So that there is something in doubt when the keys are gone. What the twin still does late is waited for:
 * a provider that acts after it has forgotten the key breaks its own promise, not ours.
 */
async function loseReplies(twin: Twin): Promise<void> {
  await twin.clearFaults();
  await sleep(SETTLED_MS);
  const path = '/v1/payment_intents';
  await twin.addFaults([{ on: 'request', method: 'POST', path, kind: 'lost_reply', times: 3 }]);
}

/** What a day does to idempotency keys. The twin is dead at this moment. */
function forgetKeys(twin: Twin): void {
  const db = new Sqlite(twin.database);
  db.pragma('synchronous = full');
  db.exec('delete from idempotency_key');
  db.close();
}
