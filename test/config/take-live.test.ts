import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../config/load.ts';
import { takeLive } from '../../config/take-live.ts';

const load = (overrides: Record<string, string>) => loadConfig({ env: {}, overrides });
const before = load({ 'payments.offline.limit_txn_minor': '5000' });

describe('of a newly read configuration', () => {
  test('nothing changes when nothing differs: the very same object stays', () => {
    expect(takeLive(before, load({ 'payments.offline.limit_txn_minor': '5000' }))).toEqual({
      config: before,
      changed: [],
      restartNeeded: [],
    });
    const taken = takeLive(before, load({ 'http.port': '1' }));
    expect('config' in taken && taken.config).toBe(before);
  });

  test('live settings are taken, the others keep their value and are named', () => {
    const wanted = load({
      'payments.offline.limit_txn_minor': '700',
      'log.level': 'debug',
      'http.port': '1234',
      'database.group_max': '7',
    });
    const taken = takeLive(before, wanted);
    if ('problems' in taken) throw new Error('Expected it to be taken.');
    expect(taken.changed).toEqual(['log.level', 'payments.offline.limit_txn_minor']);
    expect(taken.restartNeeded).toEqual(['http.port', 'database.group_max']);
    expect(taken.config).toEqual({
      ...before,
      log: { ...before.log, level: 'debug' },
      payments: {
        ...before.payments,
        offline: { ...before.payments.offline, limit_txn_minor: 700 },
      },
    });
    expect(Object.isFrozen(taken.config.payments.offline)).toBe(true);
    expect(before.log.level).toBe('info');
  });

  test('a mixture that breaks a rule is refused as a whole', () => {
    // Right by itself; with the wait for a connection that is in force until a restart it is not.
    const wanted = load({
      'providers.stripe.connect_timeout_ms': '500',
      'providers.stripe.timeout_ms': '600',
    });
    expect(takeLive(before, wanted)).toEqual({
      problems: [
        {
          source: 'a restart is needed (providers.stripe.connect_timeout_ms)',
          path: 'providers.stripe.connect_timeout_ms',
          expected: 'at most providers.stripe.timeout_ms, which is 600',
          found: 'the number 1000',
        },
      ],
    });
  });

  test('a secret is compared and named, and its value is nowhere', () => {
    const taken = takeLive(before, load({ 'providers.stripe.webhook_secrets': 'whsec_a,whsec_b' }));
    if ('problems' in taken) throw new Error('Expected it to be taken.');
    expect(taken.changed).toEqual(['providers.stripe.webhook_secrets']);
    expect(taken.config.providers.stripe.webhook_secrets).toEqual(['whsec_a', 'whsec_b']);
    expect(JSON.stringify([taken.changed, taken.restartNeeded])).not.toContain('whsec_');
  });
});
