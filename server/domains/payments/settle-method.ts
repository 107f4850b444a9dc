// What a fetched set-up session does to the payment method it belongs to.

import type { Tx } from '../../platform/database/database.ts';
import type { HttpResponse } from '../../platform/outside/http-exchange.ts';
import { tell } from '../audit/index.ts';
import type { PaymentMethod } from './payment-method.ts';
import { parseSetupSession } from './providers/stripe-methods.ts';
import type { Room } from './room.ts';
import { lockMethodBySetup, saveMethod } from './store-methods.ts';

export async function applySetupSession(
  room: Room,
  tx: Tx,
  of: { setupRef: string; response: HttpResponse; traceId: string | null },
): Promise<{ status: 'applied' | 'ignored'; reason?: string }> {
  const method = await lockMethodBySetup(tx, of.setupRef);
  if (method === null) return { status: 'ignored', reason: 'there is no such set-up' };
  const state = parseSetupSession(of.response);
  if (state.kind === 'open') return { status: 'ignored', reason: 'the page is still open' };
  if (state.kind === 'unreadable') {
    room.deps.log.error(
      { org: tx.org, method: method.id, reason: state.reason },
      'a set-up session is unreadable',
    );
    return { status: 'ignored', reason: state.reason };
  }
  if (method.status !== 'open' && method.status !== 'creating')
    return { status: 'applied', reason: 'known already' };
  const next: PaymentMethod =
    state.kind === 'saved'
      ? { ...method, ...state.card, status: 'active', url: null, step: 'done', reason: null }
      : {
          ...method,
          status: state.kind,
          url: null,
          reason: state.kind === 'failed' ? state.reason : null,
        };
  const saved = await saveMethod(tx, next);
  await tellMethod(room, tx, { method: saved, traceId: of.traceId });
  return { status: 'applied' };
}

const EVENTS: Partial<Record<PaymentMethod['status'], string>> = {
  active: 'payment_method.activated',
  expired: 'payment_method.expired',
  failed: 'payment_method.failed',
  revoked: 'payment_method.revoked',
};

export async function tellMethod(
  room: Pick<Room, 'deps' | 'ask' | 'provider'>,
  tx: Tx,
  { method, traceId }: { method: PaymentMethod; traceId: string | null },
): Promise<void> {
  const type = EVENTS[method.status];
  if (type === undefined) return;
  const person = await room.ask.person(tx, method.personId);
  await tell(room.deps, tx, {
    type,
    subject: { kind: 'payment_method', id: method.id },
    nodeId: person?.nodeId ?? null,
    actor: { kind: 'provider', id: room.provider.name },
    data: {
      person_id: method.personId,
      brand: method.brand,
      last_four: method.lastFour,
      funding: method.funding,
      reason: method.reason,
    },
    traceId,
  });
}
