// Checks the promises in order and stops at the first that is broken: what comes after it may only follow
// from it. Those that hold at every moment are checked after every kill as well.

import { freeze } from '../journal.ts';
import { answersAreCommitted, receiptsAreCommitted, thingsAreCommitted } from './acknowledged.ts';
import { expiredIsFinal } from './expired.ts';
import { eventsAreUnique, providersActOnce, requestsActOnce } from './once.ts';
import type { Evidence, Finding, Promised } from './promise.ts';
import { booksAgree, booksBalance, nothingIsStuck } from './settled.ts';

export const PROMISES: readonly Promised[] = [
  answersAreCommitted,
  receiptsAreCommitted,
  thingsAreCommitted,
  expiredIsFinal,
  eventsAreUnique,
  requestsActOnce,
  providersActOnce,
  nothingIsStuck,
  booksBalance,
  booksAgree,
];

const NAMED_MAX = 10;

/** When all is over. */
export async function checkPromises(evidence: Evidence, log: Log): Promise<boolean> {
  for (const promise of PROMISES) {
    const { found, broken } = await promise.check(evidence);
    if (broken.length > 0) return tellBroken(promise, { found, broken }, log);
    log(`held    ${promise.name} (${found})`);
  }
  return true;
}

/** In the middle of it all: a promise that is broken is found next to what broke it. */
export async function checkSoFar(evidence: Evidence, log: Log): Promise<boolean> {
  // What is told while we look may not be in what we have looked at.
  const journal = freeze(evidence.journal);
  for (const promise of PROMISES.filter(({ isAlways }) => isAlways)) {
    const finding = await promise.check({ ...evidence, journal });
    if (finding.broken.length > 0) return tellBroken(promise, finding, log);
  }
  return true;
}

type Log = (line: string) => void;

function tellBroken({ name }: Promised, { found, broken }: Finding, log: Log): false {
  log(`BROKEN  ${name} (${found}): ${broken.length} times`);
  for (const what of broken.slice(0, NAMED_MAX)) log(`        ${what}`);
  return false;
}
