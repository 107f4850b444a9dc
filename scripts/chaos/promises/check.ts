// Checks the promises in order and stops at the first that is broken: what comes after it may only follow
// from it.

import { answersAreCommitted, receiptsAreCommitted, thingsAreCommitted } from './acknowledged.ts';
import { expiredIsFinal } from './expired.ts';
import { eventsAreUnique, providersActOnce, requestsActOnce } from './once.ts';
import type { Evidence, Promised } from './promise.ts';
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

export async function checkPromises(
  evidence: Evidence,
  log: (line: string) => void,
): Promise<boolean> {
  for (const { name, check } of PROMISES) {
    const { found, broken } = await check(evidence);
    if (broken.length === 0) {
      log(`held    ${name} (${found})`);
      continue;
    }
    log(`BROKEN  ${name} (${found}): ${broken.length} times`);
    for (const what of broken.slice(0, NAMED_MAX)) log(`        ${what}`);
    return false;
  }
  return true;
}
