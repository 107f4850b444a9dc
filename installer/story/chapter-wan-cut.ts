// Chapter 7: the WAN is cut in the middle of a capture: the provider has committed, its reply never
// comes. The door goes on within its limits; when the WAN returns, everything is settled once.

import type { Payment, Person, Stage } from './cast.ts';
import { expectDecision, payAt, paymentIdOf, tellAnswer, waitForStatus } from './chapter-door.ts';
import { waitFor } from './narrator.ts';

const AMOUNT_MINOR = 4_000;

export async function surviveTheCut(
  stage: Stage,
  { ana, ben }: { ana: Person; ben: Person },
): Promise<void> {
  const { narrator } = stage;
  narrator.chapter('The WAN is cut, and comes back');
  const caught = await cutDuringCapture(stage, ana);
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
  await narrator.step('The WAN returns', async () => {
    await stage.stripe.restoreWan();
    await stage.veriff.restoreWan();
  });
  await settleAll(stage, caught, offline);
  await showReceivable(stage, ben);
}

async function cutDuringCapture(stage: Stage, ana: Person): Promise<string> {
  const { narrator } = stage;
  await stage.stripe.addFault({
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

async function settleAll(stage: Stage, caught: string, offline: readonly string[]): Promise<void> {
  const { narrator } = stage;
  await narrator.step(
    'The unknown capture is resolved by looking it up, not by sending it again',
    () => waitForStatus(stage, caught, 'captured'),
    (payment) => `${payment.status}, resolved by ${captureOf(payment)?.resolved_by}`,
  );
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
  await narrator.step(
    'Events missed during the cut are polled since the cursor',
    () =>
      waitFor({
        what: 'the provider account to be caught up',
        read: () =>
          stage.api.get<{ data: { provider: string; caught_up_to: string | null }[] }>(
            '/v1/provider-accounts',
          ),
        until: (page) =>
          page.data.some((row) => row.provider === 'stripe' && row.caught_up_to !== null),
      }),
    (page) =>
      `caught up to ${page.data.find((row) => row.provider === 'stripe')?.caught_up_to ?? '?'}`,
  );
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
