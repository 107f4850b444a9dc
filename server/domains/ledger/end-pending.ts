// Ends a pending transfer, once: posts it (all or less of it), voids it, or expires it when its time has
// come. What is not posted is released. A second ending of the same kind changes nothing.

import type { Tx } from '../../platform/database/database.ts';
import { AppError } from '../../shared/errors.ts';
import type { Balance, Transfer, TransferKind } from './account.ts';
import { addToAccounts, findEnding, findPending, insertTransfers, lockAccounts } from './store.ts';
import { addTo, type LedgerDeps } from './write-entries.ts';

export interface Ending {
  kind: Extract<TransferKind, 'post' | 'void' | 'expire'>;
  /** Of a post: how much; all of it unless told. */
  amountMinor?: number;
}

/** Whether this call ended it; false when it had been ended the same way before. */
export async function endPending(
  deps: LedgerDeps,
  tx: Tx,
  { pendingId, kind, amountMinor }: Ending & { pendingId: string },
): Promise<boolean> {
  const pending = await findPending(tx, pendingId);
  if (pending === null) throw refused(`There is no pending transfer ${pendingId}.`);
  const amount = kind === 'post' ? (amountMinor ?? pending.amountMinor) : pending.amountMinor;
  checkEnding(deps, pending, { kind, amountMinor: amount });
  // The lock comes first: whoever holds it sees whether another has ended the transfer.
  await lockAccounts(tx, [pending.debitAccountId, pending.creditAccountId]);
  const ended = await findEnding(tx, pendingId);
  if (ended !== null) {
    if (ended.kind === kind && ended.amountMinor === amount) return false;
    throw refused(
      `The transfer ${pendingId} was ended before: ${ended.kind} ${ended.amountMinor}.`,
    );
  }
  await insertTransfers(tx, [
    {
      ...pending,
      id: deps.ids.make('ledgerTransfer'),
      kind,
      pendingId,
      amountMinor: amount,
      expiresAt: null,
      createdAt: deps.world.clock.now(),
    },
  ]);
  const changes = new Map<string, Balance>();
  const posted = kind === 'post' ? amount : 0;
  addTo(changes, pending.debitAccountId, {
    debitsPending: -pending.amountMinor,
    debitsPosted: posted,
  });
  addTo(changes, pending.creditAccountId, {
    creditsPending: -pending.amountMinor,
    creditsPosted: posted,
  });
  await addToAccounts(tx, changes);
  return true;
}

function checkEnding(deps: LedgerDeps, pending: Transfer, ending: Required<Ending>): void {
  const { kind, amountMinor } = ending;
  if (kind === 'post') {
    const fits = Number.isSafeInteger(amountMinor) && amountMinor > 0;
    if (fits && amountMinor <= pending.amountMinor) return;
    throw refused(
      `Expected to post 1 to ${pending.amountMinor} of the transfer ${pending.id}, found ${amountMinor}.`,
    );
  }
  if (kind === 'void') return;
  const now = deps.world.clock.now();
  if (pending.expiresAt !== null && pending.expiresAt <= now) return;
  throw refused(`The transfer ${pending.id} has not expired yet.`);
}

function refused(message: string): AppError {
  return new AppError('conflict', message);
}
