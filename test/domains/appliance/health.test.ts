import { describe, expect, test } from '@jest/globals';
import { healthPages, type ReadinessCheck } from '../../../server/domains/appliance/index.ts';
import { createTestWorld } from '../../support/world.ts';

interface Asked {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- answers of every shape
  body: any;
}

interface Facts {
  checks?: readonly ReadinessCheck[];
  started?: boolean;
  phase?: 'serving' | 'notice' | 'closing';
}

const world = createTestWorld({ timers: 'virtual' });

async function ask(
  path: string,
  { checks = [], started = true, phase = 'serving' }: Facts = {},
): Promise<Asked> {
  const pages = healthPages(world, {
    build: { version: '1.2.3', commit: 'c0ffee' },
    checks,
    draining: { phase },
    started: () => started,
  });
  const answer = await pages.find((page) => page.path === path)?.answer('', new URLSearchParams());
  return { status: answer?.status ?? 0, body: JSON.parse(String(answer?.body)) };
}

const fine: ReadinessCheck = { name: 'database', check: async () => undefined };
const broken: ReadinessCheck = {
  name: 'keys',
  check: () => Promise.reject(new Error('the key file is gone')),
};

describe('/livez', () => {
  test('asks nothing of others: it is alive while a check fails and before it has started', async () => {
    expect((await ask('/livez', { checks: [broken], started: false })).status).toBe(200);
  });
});

describe('/startupz', () => {
  test('is 503 until everything has been started', async () => {
    expect((await ask('/startupz', { started: false })).status).toBe(503);
    expect((await ask('/startupz')).status).toBe(200);
  });
});

describe('/readyz', () => {
  test('is 200 when every check is fine, and lists them', async () => {
    const { status, body } = await ask('/readyz', { checks: [fine] });
    expect(status).toBe(200);
    expect(body.checks.map((check: { name: string }) => check.name)).toEqual([
      'started',
      'serving',
      'database',
    ]);
  });

  test('is 503 with the name and the reason of what failed', async () => {
    const { status, body } = await ask('/readyz', { checks: [fine, broken] });
    expect([status, body.status]).toEqual([503, 'not_ready']);
    expect(body.checks).toContainEqual({ name: 'keys', ok: false, detail: 'the key file is gone' });
    expect(body.checks).toContainEqual({ name: 'database', ok: true, detail: 'ok' });
  });

  test('is 503 before the start and while stopping', async () => {
    expect((await ask('/readyz', { started: false })).status).toBe(503);
    expect((await ask('/readyz', { phase: 'notice' })).status).toBe(503);
  });

  test('does not wait for a check that hangs', async () => {
    const hanging = { name: 'slow', check: () => new Promise<void>(() => undefined) };
    const asked = ask('/readyz', { checks: [hanging] });
    world.clock.advance(2_000);
    const { status, body } = await asked;
    expect(status).toBe(503);
    expect(body.checks.at(-1)).toEqual({
      name: 'slow',
      ok: false,
      detail: 'no answer within 2000 ms',
    });
  });
});

test('/version says which build this is', async () => {
  expect((await ask('/version')).body).toEqual({ version: '1.2.3', commit: 'c0ffee' });
});
