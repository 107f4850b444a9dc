// One rehearsal from the first process to the verdict: prepare, load, kill, drain, check. Resolves with
// whether every promise held; throws when the rehearsal itself could not be held.

import { join } from 'node:path';
import type { ChaosArguments } from './arguments.ts';
import { drain } from './drain.ts';
import { drawStripeFaults, drawVeriffFaults } from './fault-mix.ts';
import { createJournal } from './journal.ts';
import { carryOut, type Stage } from './killer.ts';
import { createLoad } from './load.ts';
import { DWELL_MS, HITS_MIN, type Kill, planKills, WINDOWS } from './plan.ts';
import { prepare } from './prepare.ts';
import { checkPromises, checkSoFar } from './promises/check.ts';
import { type Random, seeded } from './random.ts';
import { createRest } from './rest.ts';
import { PATIENCE_MS } from './server.ts';
import { sleep } from './wait.ts';
import { openWorld, type World } from './world.ts';

const TERMINALS = 8;
const PEOPLE = 36;
/** A window that was missed is tried again this often in one rehearsal. */
const AGAIN_MAX = 10;

export async function rehearse(
  root: string,
  options: ChaosArguments,
  write: (line: string) => void,
): Promise<boolean> {
  const startedAt = performance.now();
  const log = (line: string): void => {
    write(`${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(7)} s  ${line}`);
  };
  const { kills, seed, database, plant } = options;
  log(`chaos --kills ${kills} --seed ${seed} --database ${database}`);
  if (plant !== null) log(`planted on purpose: ${plant}`);
  const world = await openWorld(root, options);
  let held = false;
  try {
    held = await play(root, world, options, log);
  } finally {
    // What a planted bug broke is of no interest afterwards.
    const isKept = options.keep || (!held && plant === null);
    await world.close(isKept);
    if (isKept) write(`data and logs: ${world.folder}`);
  }
  return held;
}

async function play(
  root: string,
  world: World,
  { kills, seed, plant }: ChaosArguments,
  log: (line: string) => void,
): Promise<boolean> {
  const { books, server, twins } = world;
  const journal = createJournal(join(world.folder, 'journal.ndjson'));
  const random = seeded(seed);
  let isOver = false;
  const { payers, terminals, siteId, organizationId } = await prepare({
    root,
    folder: world.folder,
    api: server.api,
    client: world.client,
    people: PEOPLE,
    terminals: TERMINALS,
    journal,
  });
  log(`prepared: ${payers.length} people, ${terminals.length} terminals`);
  const rest = createRest(server.api, world.apiKey, () => isOver);
  const load = createLoad({ random, terminals, payers, siteId, rest, books, journal });
  const stage: Stage = { books, load, server, twins, terminals, log };
  load.start();
  const plan = planKills(random, { kills, terminals: TERMINALS });
  const evidence = {
    books,
    journal,
    appliance: world.appliance(organizationId),
    stripeFile: twins.stripe.database,
    veriffFile: twins.veriff.database,
  };
  const hits = await killAllOf(stage, plan, {
    random,
    holds: () => checkSoFar({ ...evidence, endedAt: Date.now() }, log),
  });
  if (hits === null) {
    isOver = true;
    await load.stop();
    return false;
  }
  await Promise.all([twins.stripe.clearFaults(), twins.veriff.clearFaults()]);
  isOver = true;
  await load.stop();
  const endedAt = Date.now();
  await drain(stage, log);
  await Promise.all(terminals.map((terminal) => terminal.stop()));
  for (const terminal of terminals) terminal.testify();
  await server.stop();
  await Promise.all([twins.stripe.stop(), twins.veriff.stop()]);
  const held = await checkPromises({ ...evidence, endedAt }, log);
  return held && (plant !== null || areAllHit(hits, log));
}

/** How often each window was hit; null when a promise was broken on the way. */
async function killAllOf(
  stage: Stage,
  plan: readonly Kill[],
  { random, holds }: { random: Random; holds: () => Promise<boolean> },
): Promise<Map<string, number> | null> {
  const hits = new Map<string, number>();
  const waiting = [...plan];
  let again = 0;
  let done = 0;
  for (let kill = waiting.shift(); kill !== undefined; kill = waiting.shift()) {
    done += 1;
    await renewFaults(stage, random);
    await sleep(random.integer(DWELL_MS.min, DWELL_MS.max));
    const isHit = await carryOut(stage, `${done}/${plan.length + again}`, kill);
    if (!(await holds())) return null;
    if (kill.victim !== 'server' || kill.window === null) continue;
    if (isHit) hits.set(kill.window, (hits.get(kill.window) ?? 0) + 1);
    else if (again < AGAIN_MAX) {
      again += 1;
      waiting.push({ ...kill, skip: 0 });
    }
  }
  return hits;
}

async function renewFaults({ twins }: Stage, random: Random): Promise<void> {
  await twins.stripe.clearFaults();
  await twins.stripe.addFaults(drawStripeFaults(random, { patienceMs: PATIENCE_MS }));
  await twins.veriff.clearFaults();
  await twins.veriff.addFaults(drawVeriffFaults(random));
}

function areAllHit(hits: ReadonlyMap<string, number>, log: (line: string) => void): boolean {
  for (const window of WINDOWS) log(`window ${window}: hit ${hits.get(window) ?? 0} times`);
  const missed = WINDOWS.find((window) => (hits.get(window) ?? 0) < HITS_MIN);
  if (missed === undefined) return true;
  log(`BROKEN  every window is hit at least ${HITS_MIN} times: ${missed} was not`);
  return false;
}
