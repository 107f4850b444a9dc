// Every setting that is marked live is changed on a served appliance, and what it does is seen to change.

import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { SETTINGS } from '../../config/table.ts';
import { until } from '../support/until.ts';
import { type LiveBox, openLiveBox } from './live-box.ts';
import { DOOR_CASES } from './live-cases-door.ts';
import { EXCHANGE_CASES } from './live-cases-exchange.ts';
import { holdRequest, HTTP_CASES } from './live-cases-http.ts';

const CASES = { ...HTTP_CASES, ...DOOR_CASES, ...EXCHANGE_CASES };
/** Proven by the last test, which ends the server. */
const AT_THE_END = 'http.drain_ms';
const pathsOf = (names: string): string[] => names.split(/\s+/);

let box: LiveBox;

beforeAll(async () => {
  box = await openLiveBox();
}, 120_000);
afterEach(async () => {
  if (!box.appliance.server.isRunning()) return;
  await box.stage.stripe.clearFaults();
  await box.stage.stripe.restoreWan();
  await box.set({});
});
afterAll(async () => {
  await box?.stop();
});

test('each live setting has a case, and each case a live setting', () => {
  const live = [...SETTINGS.values()].filter((setting) => setting.live).map(({ path }) => path);
  const shown = [...Object.keys(CASES).flatMap(pathsOf), AT_THE_END];
  expect(shown.toSorted()).toEqual(live.toSorted());
});

test.each(Object.entries(CASES).map(([names, run]) => [pathsOf(names).join(', '), run] as const))(
  '%s',
  async (_names, run) => run(box),
  60_000,
);

test('http.drain_ms', async () => {
  const { server } = box.appliance;
  await box.set({ 'http.drain_ms': 0 });
  const held = holdRequest(box);
  await until('the request to be held', async () => (await box.request('/v1/whoami')).ok);
  const startedAt = performance.now();
  expect(await server.stop()).toBe(0);
  // The held request would have been waited for, 20 s long.
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  // Cut, or, when it came no sooner than the drain, told to go elsewhere: never served.
  const end = await held.answer.then(
    ({ status }) => String(status),
    (error: Error) => error.message,
  );
  expect(end).toMatch(/^503$|socket hang up|ECONNRESET/);
});
