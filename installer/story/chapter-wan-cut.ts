// Chapter 7: the WAN is cut in the middle of a capture: the provider has committed, its reply never
// comes. The door goes on within its limits; when the WAN returns, everything is settled once.

import type { Payment, Person, Stage } from './cast.ts';
import { expectDecision, payAt, paymentIdOf, tellAnswer, waitForStatus } from './chapter-door.ts';
import { waitFor } from './narrator.ts';
import { captureEventOf, findKnownEvent, type SentEvent } from './store-provider-events.ts';

const AMOUNT_MINOR = 4_000;
/** Fault rules that also count: the capture that the cut catches, and every one of it after that. */
const CAUGHT = 'story-caught-capture';
const AGAIN = 'story-captured-again';
/** Asked for by itself, or because an event of it says that there is news: fetched either way. */
const LOOKED_UP: readonly (string | null)[] = ['lookup', 'event'];
/** Longer than the appliance waits between two polls. */
const POLLED_MS = 90_000;

export async function surviveTheCut(
  stage: Stage,
  { ana, ben }: { ana: Person; ben: Person },
): Promise<void> {
  const { narrator } = stage;
  narrator.chapter('The WAN is cut, and comes back');
  const caught = await cutDuringCapture(stage, ana);
  const event = await loseItsEvent(stage, caught);
  const offline: string[] = [];
  for (const [person, count] of [
    [ana, 2],
    [ben, 1],
  ] as const) {
    for (let visit = 0; visit < count; visit += 1) {
      const answer = await narrator.step(
        `${person.name} pays 40.00 EUR while the provider cannot be reached`,
        () => payAt(stage, { seed: person.seed, amountMinor: AMOUNT_MINOR }),
        (told) => `${tellAnswer(told)}, accepted ${String(told.raw['mode'])}`,
      );
      expectDecision(answer, 'approved', null);
      offline.push(paymentIdOf(answer));
    }
  }
  const refused = await narrator.step(
    `${ana.name} would pay 40.00 EUR more`,
    () => payAt(stage, { seed: ana.seed, amountMinor: AMOUNT_MINOR }),
    (told) => `${tellAnswer(told)}, limit ${String(told.raw['limit'])}`,
  );
  expectDecision(refused, 'refused', 'limit_exceeded');
  const returnedAt = Date.now();
  await narrator.step('The WAN returns', async () => {
    await stage.stripe.restoreWan();
    await stage.veriff.restoreWan();
  });
  await resolveCaught(stage, caught);
  await settleOffline(stage, offline);
  await catchUp(stage, event, returnedAt);
  await stage.stripe.clearFaults();
  await showReceivable(stage, ben);
}

async function cutDuringCapture(stage: Stage, ana: Person): Promise<string> {
  const { narrator } = stage;
  for (const type of ['charge.captured', 'payment_intent.succeeded'])
    await stage.stripe.addFault({ on: 'webhook', type, kind: 'lost' });
  await stage.stripe.addFault({
    id: CAUGHT,
    on: 'request',
    method: 'POST',
    path: '/v1/payment_intents/*/capture',
    kind: 'lost_reply',
    times: 1,
    // oxlint-disable-next-line no-thenable -- a fault rule is data and never awaited
    then: 'cut',
  });
  const answer = await narrator.step(
    `${ana.name} pays 8.00 EUR; its capture will be caught by the cut`,
    () => payAt(stage, { seed: ana.seed, amountMinor: 800 }),
    tellAnswer,
  );
  expectDecision(answer, 'approved', null);
  const id = paymentIdOf(answer);
  await narrator.step(
    'The provider commits the capture, the WAN is cut before its reply',
    () =>
      waitFor({
        what: 'the unknown capture',
        read: () => stage.api.get<Payment>(`/v1/payments/${id}`),
        until: (payment) => captureOf(payment)?.status === 'unknown',
      }),
    (payment) => `the capture is ${captureOf(payment)?.status}, the payment ${payment.status}`,
  );
  await stage.veriff.cutWan();
  return id;
}

/** The webhook of that capture never arrives: only asking can tell of it. */
async function loseItsEvent(stage: Stage, paymentId: string): Promise<SentEvent> {
  const event = captureEventOf(stage.environment.twins.stripe.database, paymentId);
  if (event.webhook === 'delivered')
    throw new Error(`Expected the webhook of ${event.id} to be caught by the cut.`);
  const known = await findKnownEvent(stage.environment.database, {
    organizationId: stage.organizationId,
    eventId: event.id,
  });
  if (known !== null) throw new Error(`Expected ${event.id} to be unknown, found it known.`);
  await stage.stripe.addFault({
    id: AGAIN,
    on: 'request',
    method: 'POST',
    path: `/v1/payment_intents/${event.paymentIntent}/capture`,
    // Harmless: it is here to count.
    kind: 'delay',
    delay_ms: 1,
    times: 1_000,
  });
  stage.narrator.note(`the provider's event of it is lost (webhook ${event.webhook})`);
  return event;
}

async function resolveCaught(stage: Stage, caught: string): Promise<void> {
  const { narrator, stripe } = stage;
  const payment = await narrator.step(
    'The unknown capture is resolved by looking it up, not by sending it again',
    () => waitForStatus(stage, caught, 'captured'),
    (found) => `${found.status}, resolved by ${captureOf(found)?.resolved_by}`,
  );
  const resolvedBy = captureOf(payment)?.resolved_by ?? null;
  if (!LOOKED_UP.includes(resolvedBy)) {
    throw new Error(`Expected the capture to be looked up, found it resolved by ${resolvedBy}.`);
  }
  const [first, again] = [await stripe.fired(CAUGHT), await stripe.fired(AGAIN)];
  if (first !== 1 || again !== 0) {
    throw new Error(`Expected one capture request in all, found ${first} and ${again} more.`);
  }
  narrator.note('the provider has had exactly one request to capture it');
}

async function settleOffline(stage: Stage, offline: readonly string[]): Promise<void> {
  const { narrator } = stage;
  const [first = '', second = '', third = ''] = offline;
  for (const id of [first, second]) {
    await narrator.step(
      'An offline payment settles once',
      () => waitForStatus(stage, id, 'captured'),
      (payment) => payment.status,
    );
  }
  await narrator.step(
    'The third is declined by the provider',
    () => waitForStatus(stage, third, 'declined'),
    (payment) => payment.status,
  );
}

/** The very event that was lost is known by asking, and everything up to now is. */
async function catchUp(stage: Stage, { id }: SentEvent, returnedAt: number): Promise<void> {
  const { narrator, api, environment, organizationId } = stage;
  await narrator.step(
    'The event that was lost in the cut is polled since the cursor, and applied',
    () =>
      waitFor({
        what: `the event ${id}`,
        read: () => findKnownEvent(environment.database, { organizationId, eventId: id }),
        until: (event) => event?.source === 'poll' && event.status === 'applied',
        timeoutMs: POLLED_MS,
      }),
    (event) => `${event?.status}, known by ${event?.source}`,
  );
  await narrator.step(
    'Everything before the return is known',
    () =>
      waitFor({
        what: `the events until ${new Date(returnedAt).toISOString()}`,
        read: () => api.get<ProviderAccounts>('/v1/provider-accounts'),
        until: (page) => Date.parse(caughtUpTo(page) ?? '') > returnedAt,
        timeoutMs: POLLED_MS,
      }),
    (page) => `caught up to ${caughtUpTo(page)}`,
  );
}

interface ProviderAccounts {
  data: { provider: string; caught_up_to: string | null }[];
}

function caughtUpTo({ data }: ProviderAccounts): string | null {
  return data.find(({ provider }) => provider === 'stripe')?.caught_up_to ?? null;
}

async function showReceivable(stage: Stage, ben: Person): Promise<void> {
  await stage.narrator.step(
    `What ${ben.name} took and the card did not pay is a receivable`,
    () =>
      stage.api.get<{ data: { open: { amount: number; currency: string } }[] }>(
        `/v1/people/${ben.id}/receivables`,
      ),
    (page) =>
      page.data.map(({ open }) => `${(open.amount / 100).toFixed(2)} ${open.currency}`).join(', '),
  );
}

function captureOf(payment: Payment): Payment['operations'][number] | undefined {
  return payment.operations.find((operation) => operation.kind === 'capture');
}
