// The door's question: may this person pay this here and now? One transaction: evidence, policy, ledger
// reserve, payment, attempt, operations, messages, event. A refusal is recorded as well, and the same
// reference always gets the same answer.

import { type OrgDatabase, transaction, type Tx } from '../../platform/database/database.ts';
import { assert, present } from '../../shared/assert.ts';
import { AppError } from '../../shared/errors.ts';
import { money } from '../../shared/money.ts';
import type { Instant } from '../../shared/world.ts';
import { tell } from '../audit/index.ts';
import { createOperation } from './new-operation.ts';
import type { PaymentMode, Payment } from './payment.ts';
import type { PaymentMethod } from './payment-method.ts';
import {
  type Evidence,
  exposureEntries,
  judgeEvidence,
  judgeStanding,
  type LimitName,
  type RefusalReason,
  type Standing,
  type Verdict,
} from './policy.ts';
import { DESTINATION, type Room } from './room.ts';
import { claimDecision, lockDecision, releaseDecision, saveDecision } from './store-decisions.ts';
import { findActiveMethod } from './store-methods.ts';
import { insertAttempt, insertPayment } from './store-payments.ts';

export interface DoorRequest<E extends Evidence = Evidence> {
  device: { id: string; nodeId: string };
  /** Whose limit bounds the site; the device's node when it stands under no site. */
  siteNodeId: string | null;
  identification: E;
  amountMinor: number;
  /** Null: the default currency. */
  currency: string | null;
  /** Minted at the terminal before its first network byte. */
  terminalRef: string;
  description: string | null;
  /** From here on the terminal counts the question as expired: nothing may be decided any more. */
  deadlineAt: Instant | null;
  /** Of this one ask; who gives up names it again. */
  traceId: string | null;
}

export interface Decision {
  /** `expired`: the deadline came first, and nothing will ever come of this reference. */
  decision: 'approved' | 'refused' | 'expired';
  reason: RefusalReason | null;
  /** The limit that was hit, when the reason is `limit_exceeded`. */
  limit: LimitName | null;
  paymentId: string | null;
  mode: PaymentMode;
}

export async function decidePayment<E extends Evidence>(
  room: Room<E>,
  db: OrgDatabase,
  request: DoorRequest<E>,
): Promise<Decision> {
  const currency = request.currency ?? room.settings.currencyDefault;
  const mode: PaymentMode = room.ask.contact(DESTINATION).reachable ? 'online' : 'offline';
  if (currency === null) return { ...REFUSED, reason: 'currency_missing', mode };
  money(request.amountMinor, currency);
  assert(request.amountMinor > 0, 'an amount to pay');
  return transaction(db, async (tx) => {
    const key = { deviceId: request.device.id, terminalRef: request.terminalRef };
    const { amountMinor } = request;
    const createdAt = room.deps.world.clock.now();
    const wanted = { ...key, amountMinor, currency, createdAt, heldBy: request.traceId };
    if (!(await claimDecision(tx, wanted))) {
      const earlier = present(await lockDecision(tx, key), 'an earlier decision');
      const same = earlier.amountMinor === amountMinor && earlier.currency === currency;
      if (!same) return { ...REFUSED, reason: 'reference_reused', mode };
      await releaseDecision(tx, key);
      return JSON.parse(present(earlier.answer, 'an earlier answer')) as Decision;
    }
    const answer = await decideOnce(room, tx, { ...request, currency, mode });
    await saveDecision(tx, key, { answer: JSON.stringify(answer), paymentId: answer.paymentId });
    refuseWhenLate(room, request.deadlineAt);
    return answer;
  });
}

/** Last in the transaction: what was written until now is not kept. */
function refuseWhenLate({ deps }: Pick<Room, 'deps'>, deadlineAt: Instant | null): void {
  if (deadlineAt !== null && deps.world.clock.now() >= deadlineAt)
    throw new AppError('deadline_passed', 'The deadline passed before the decision was made.');
}

const REFUSED = { decision: 'refused', limit: null, paymentId: null } as const;

type Asked<E extends Evidence> = DoorRequest<E> & { currency: string; mode: PaymentMode };

async function decideOnce<E extends Evidence>(
  room: Room<E>,
  tx: Tx,
  asked: Asked<E>,
): Promise<Decision> {
  const { device, identification } = asked;
  const where = { deviceId: device.id, nodeId: device.nodeId };
  const identificationId = await room.ask.recordIdentification(tx, identification, where);
  const unfit = judgeEvidence(identification);
  if (unfit !== null) return refuse(room, tx, { asked, identificationId, verdict: unfit });
  const personId = present(identification.personId, 'the person of a match');
  const method = await findActiveMethod(tx, personId);
  const standing = await standingOf(room, tx, { personId, method, currency: asked.currency });
  const verdict = judgeStanding(room.settings, standing, {
    now: room.deps.world.clock.now(),
    contact: { ...room.ask.contact(DESTINATION), reachable: asked.mode === 'online' },
    amountMinor: asked.amountMinor,
  });
  if (verdict !== null) return refuse(room, tx, { asked, identificationId, verdict });
  assert(method !== null, 'a person in good standing has a payment method');
  const payment = newPayment(room, { asked, personId, method, standing, identificationId });
  const limit = await reserve(room, tx, { payment, asked });
  if (limit !== null) {
    const hit = { reason: 'limit_exceeded', limit } as const;
    return refuse(room, tx, { asked, identificationId, verdict: hit });
  }
  return accept(room, tx, { payment, method, asked });
}

async function refuse<E extends Evidence>(
  room: Room<E>,
  tx: Tx,
  of: { asked: Asked<E>; identificationId: string; verdict: Verdict },
): Promise<Decision> {
  const { asked, identificationId, verdict } = of;
  const { device, mode } = asked;
  await tell(room.deps, tx, {
    type: 'payment.refused',
    subject: { kind: 'device', id: device.id },
    nodeId: device.nodeId,
    actor: { kind: 'device', id: device.id },
    data: {
      ...verdict,
      mode,
      person_id: asked.identification.personId,
      identification_id: identificationId,
      amount_minor: asked.amountMinor,
      currency: asked.currency,
      terminal_ref: asked.terminalRef,
    },
    traceId: asked.traceId,
  });
  return { ...REFUSED, ...verdict, mode };
}

/** Counts the payment against every bound, or names the first one that was hit. */
async function reserve<E extends Evidence>(
  room: Room<E>,
  tx: Tx,
  { payment, asked }: { payment: Payment; asked: Asked<E> },
): Promise<LimitName | null> {
  const exposure = {
    mode: asked.mode,
    personId: payment.personId,
    terminalId: asked.device.id,
    siteId: asked.siteNodeId ?? asked.device.nodeId,
    amountMinor: payment.amountMinor,
    currency: payment.currency,
    paymentId: payment.id,
  };
  const entries = exposureEntries(room.settings, exposure, payment.createdAt);
  const reserved = await room.ledger.write(tx, entries);
  return reserved.ok ? null : (reserved.limit as LimitName);
}

async function accept<E extends Evidence>(
  room: Room<E>,
  tx: Tx,
  { payment, method, asked }: { payment: Payment; method: PaymentMethod; asked: Asked<E> },
): Promise<Decision> {
  const { mode, traceId } = asked;
  const { amountMinor, currency } = payment;
  await insertPayment(tx, payment);
  const attemptId = room.deps.ids.make('attempt');
  await insertAttempt(tx, {
    id: attemptId,
    paymentId: payment.id,
    providerAccountId: method.providerAccountId,
    number: 1,
    providerRef: null,
    createdAt: payment.createdAt,
  });
  // Both messages now: they are one aggregate, so the capture waits for the authorisation by itself.
  for (const kind of ['authorise', 'capture'] as const) {
    await createOperation(room, tx, { kind, payment, attemptId, amountMinor, traceId });
  }
  await tell(room.deps, tx, {
    type: 'payment.accepted',
    subject: { kind: 'payment', id: payment.id },
    nodeId: payment.nodeId,
    actor: { kind: 'device', id: asked.device.id },
    data: {
      person_id: payment.personId,
      device_id: payment.deviceId,
      mode,
      amount_minor: amountMinor,
      currency,
      identification_id: payment.identificationId,
    },
    traceId,
  });
  return { decision: 'approved', reason: null, limit: null, paymentId: payment.id, mode };
}

async function standingOf<E extends Evidence>(
  room: Room<E>,
  tx: Tx,
  of: { personId: string; method: PaymentMethod | null; currency: string },
): Promise<Standing> {
  const { personId, currency } = of;
  const person = await room.ask.person(tx, personId);
  const receivable = await room.ledger.balance(tx, {
    kind: 'customer_receivable',
    holder: personId,
    currency,
  });
  return {
    personActive: person?.active ?? false,
    consented: await room.ask.consented(tx, personId),
    kyc: await room.ask.kyc(tx, personId),
    method: of.method,
    owesMinor: receivable === null ? 0 : receivable.debitsPosted - receivable.creditsPosted,
  };
}

function newPayment<E extends Evidence>(
  room: Room<E>,
  of: {
    asked: Asked<E>;
    personId: string;
    method: PaymentMethod;
    standing: Standing;
    identificationId: string;
  },
): Payment {
  const { asked, standing } = of;
  const { kyc, owesMinor } = standing;
  const looked = { mode: asked.mode, kyc, funding: of.method.funding, owes_minor: owesMinor };
  return {
    id: room.deps.ids.make('payment'),
    nodeId: asked.device.nodeId,
    personId: of.personId,
    deviceId: asked.device.id,
    paymentMethodId: of.method.id,
    terminalRef: asked.terminalRef,
    amountMinor: asked.amountMinor,
    currency: asked.currency,
    accepted: asked.mode,
    status: asked.mode === 'offline' ? 'offline_accepted' : 'requires_auth',
    description: asked.description,
    identificationId: of.identificationId,
    policy: JSON.stringify(looked),
    authorisedMinor: 0,
    capturedMinor: 0,
    refundedMinor: 0,
    createdAt: room.deps.world.clock.now(),
    version: 1,
  };
}
