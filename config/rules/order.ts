// Rules between numbers: which may not be above which.

import type { Config } from '../table.ts';
import type { RuleBreach } from './breach.ts';

export function orderRules(config: Config): RuleBreach[] {
  return [
    ...notAbove(config.api, 'api', [['page_limit_default', 'page_limit_max']]),
    ...notAbove(config.http, 'http', [['import_line_limit_bytes', 'import_body_limit_bytes']]),
    ...notAbove(config.gateway, 'gateway', [['pong_deadline_ms', 'heartbeat_ms']]),
    ...notAbove(config.outbox, 'outbox', [['backoff_base_ms', 'backoff_cap_ms']]),
    ...notAbove(config.outbox.breaker, 'outbox.breaker', [['open_ms', 'open_ms_max']]),
    ...notAbove(config.payments.online, 'payments.online', [
      ['limit_txn_minor', 'limit_person_open_minor'],
    ]),
    ...notAbove(config.payments.offline, 'payments.offline', [
      ['limit_txn_minor', 'limit_person_open_minor'],
      ['limit_txn_minor', 'limit_person_day_minor'],
      ['limit_txn_minor', 'limit_terminal_open_minor'],
      ['limit_txn_minor', 'limit_site_open_minor'],
    ]),
    ...notAbove(config.payments.unknown, 'payments.unknown', [
      ['absent_after_ms', 'escalate_after_ms'],
    ]),
    ...notAbove(config.providers.stripe, 'providers.stripe', [
      ['connect_timeout_ms', 'timeout_ms'],
    ]),
    ...notAbove(config.providers.veriff, 'providers.veriff', [
      ['connect_timeout_ms', 'timeout_ms'],
    ]),
    ...leaseRule(config),
  ];
}

/** Names of the numbers in a group. */
type NumberIn<Group> = {
  [Name in keyof Group & string]: Group[Name] extends number ? Name : never;
}[keyof Group & string];

function notAbove<Group>(
  group: Group,
  section: string,
  pairs: readonly (readonly [low: NumberIn<Group>, high: NumberIn<Group>])[],
): RuleBreach[] {
  return pairs
    .filter(([low, high]) => Number(group[low]) > Number(group[high]))
    .map(([low, high]) => ({
      path: `${section}.${low}`,
      besides: [`${section}.${high}`],
      expected: `at most ${section}.${high}, which is ${String(group[high])}`,
      found: `the number ${String(group[low])}`,
    }));
}

/** One renewal may be lost without the lease being lost. */
function leaseRule({ outbox }: Config): RuleBreach[] {
  if (outbox.renew_ms * 2 <= outbox.lease_ms) return [];
  return [
    {
      path: 'outbox.renew_ms',
      besides: ['outbox.lease_ms'],
      expected: `at most half of outbox.lease_ms, which is ${outbox.lease_ms}`,
      found: `the number ${outbox.renew_ms}`,
    },
  ];
}
