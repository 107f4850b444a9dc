// Chapters 5 and 6: a fresh probe at the door, identified among all, decided before the deadline; then
// authorised and captured at the provider. A lookalike and a stranger are refused.

import { CURRENCY, type Payment, type Person, type Stage } from './cast.ts';
import { waitFor } from './narrator.ts';
import type { TerminalAnswer } from './terminal-process.ts';

export interface DoorVisit {
  /** Who really stands there; null seed means the camera draws somebody never enrolled. */
  seed: string;
  amountMinor: number;
}

/** Sends one `pay` through the terminal and reads its answer line. */
export async function payAt(
  { terminal }: Stage,
  { seed, amountMinor }: DoorVisit,
): Promise<TerminalAnswer> {
  const reply = await terminal.ask(
    { cmd: 'pay', person_seed: seed, amount: amountMinor, currency: CURRENCY },
    (line) => line['ev'] === 'answer',
  );
  return {
    decision: reply['decision'] as TerminalAnswer['decision'],
    reason: (reply['reason'] as string | null) ?? null,
    ms: Number(reply['ms']),
    raw: reply,
  };
}

export async function payAtTheDoor(stage: Stage, person: Person): Promise<void> {
  const { narrator } = stage;
  narrator.chapter('A face at the door becomes a payment');
  const answer = await narrator.step(
    `${person.name} looks into the camera; 12.50 EUR`,
    () => payAt(stage, { seed: person.seed, amountMinor: 1_250 }),
    (told) => `${told.decision} in ${told.ms} ms at the terminal`,
  );
  expectDecision(answer, 'approved', null);
  const paymentId = paymentIdOf(answer);
  await narrator.step(
    'The outbox authorises and captures at Stripe; the provider’s event confirms',
    () => waitForStatus(stage, paymentId, 'captured'),
    (payment) => payment.status,
  );
}

export async function refuseStrangers(stage: Stage): Promise<void> {
  const { narrator } = stage;
  narrator.chapter('A lookalike and a stranger are refused');
  const lookalike = await narrator.step(
    'One of two enrolled people who look alike',
    () => payAt(stage, { seed: LOOKALIKE_SEED, amountMinor: 1_250 }),
    tellAnswer,
  );
  expectDecision(lookalike, 'refused', 'ambiguous');
  const stranger = await narrator.step(
    'Somebody who was never enrolled',
    () => payAt(stage, { seed: `stranger/${stage.telling}`, amountMinor: 1_250 }),
    tellAnswer,
  );
  expectDecision(stranger, 'refused', 'no_match');
}

/** Of the population with seed 7: the first of its pairs of people whose faces are nearly the same. */
const LOOKALIKE_SEED = 'population-7-0';

export function tellAnswer(answer: TerminalAnswer): string {
  return `${answer.decision}${answer.reason === null ? '' : ` (${answer.reason})`}, ${answer.ms} ms`;
}

export function expectDecision(
  answer: TerminalAnswer,
  decision: TerminalAnswer['decision'],
  reason: string | null,
): void {
  if (answer.decision !== decision || (reason !== null && answer.reason !== reason)) {
    throw new Error(
      `Expected ${decision}${reason === null ? '' : ` (${reason})`}, found ${JSON.stringify(answer.raw)}.`,
    );
  }
}

export function paymentIdOf(answer: TerminalAnswer): string {
  const id = answer.raw['payment_id'];
  if (typeof id !== 'string')
    throw new Error(`The answer names no payment: ${JSON.stringify(answer.raw)}`);
  return id;
}

export function waitForStatus(stage: Stage, paymentId: string, status: string): Promise<Payment> {
  return waitFor({
    what: `payment ${paymentId} to be ${status}`,
    read: () => stage.api.get<Payment>(`/v1/payments/${paymentId}`),
    until: (payment) => payment.status === status,
    timeoutMs: 60_000,
  });
}
