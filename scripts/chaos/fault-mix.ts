// What goes wrong at the twins between kills: rules for their control API, drawn from the seed. Short
// delays outlast the server's patience (sendTimeoutMs), so that it gives up on what will still happen.

import type { Random } from './random.ts';

export type FaultRule = Record<string, unknown>;

/**
 * How long after the server gave up a twin still does what it was asked: longer than a busy machine takes to
 * look for it in vain and to send it again, or a second key would go unpunished.
 */
export const LATE_MS = { min: 1_500, max: 4_000 };

const INTENTS = '/v1/payment_intents';
const PATHS = [INTENTS, `${INTENTS}/*/confirm`, `${INTENTS}/*/capture`] as const;

export function drawStripeFaults(
  random: Random,
  { patienceMs }: { patienceMs: number },
): FaultRule[] {
  const request = (kind: string, more: FaultRule = {}): FaultRule => ({
    on: 'request',
    method: 'POST',
    path: random.pick(PATHS),
    kind,
    after: random.integer(0, 4),
    ...more,
  });
  const webhook = (kind: string, more: FaultRule = {}): FaultRule => ({
    on: 'webhook',
    kind,
    after: random.integer(0, 3),
    times: random.integer(1, 2),
    ...more,
  });
  // Carried out long after the server has given up on it and looked for it in vain.
  const late = (path: string, times: number): FaultRule =>
    request('delay', {
      path,
      delay_ms: patienceMs + random.integer(LATE_MS.min, LATE_MS.max),
      after: random.integer(0, 1),
      times,
    });
  const always = [
    late(INTENTS, 2),
    late('/v1/refunds', 1),
    request('lost_reply', { path: '/v1/refunds' }),
  ];
  const some = [
    request('lost_request'),
    request('lost_reply'),
    request('lost_reply', { path: INTENTS }),
    request('reset'),
    request('status', { status: random.pick([500, 502, 503]) }),
    request('status_after', { status: 500 }),
    request('delay', { delay_ms: random.integer(50, 300), times: 4 }),
    { on: 'request', method: 'GET', kind: 'lost_reply', after: random.integer(0, 3) },
    webhook('duplicate'),
    webhook('reorder'),
    webhook('lost'),
  ];
  return [...always, ...random.shuffle(some).slice(0, random.integer(4, 7))];
}

export function drawVeriffFaults(random: Random): FaultRule[] {
  const always: FaultRule[] = [
    { on: 'request', method: 'POST', path: '/v1/sessions', kind: 'lost_reply', after: 1 },
  ];
  const some: FaultRule[] = [
    { on: 'request', method: 'POST', kind: 'status', status: 503 },
    { on: 'request', method: 'POST', kind: 'lost_request' },
    { on: 'request', method: 'GET', kind: 'lost_reply' },
    { on: 'webhook', kind: 'duplicate', times: 2 },
    { on: 'webhook', kind: 'lost' },
  ];
  return [...always, ...random.shuffle(some).slice(0, random.integer(1, 3))];
}
