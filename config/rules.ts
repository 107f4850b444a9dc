// Rules between settings: what no single value can get wrong. Pure.

import type { RuleBreach } from './rules/breach.ts';
import { deploymentRules } from './rules/deployment.ts';
import { listenerRules } from './rules/listeners.ts';
import { orderRules } from './rules/order.ts';
import { providerRules } from './rules/providers.ts';
import type { Config } from './table.ts';

export type { RuleBreach } from './rules/breach.ts';

export function breachesOf(config: Config): RuleBreach[] {
  return [
    ...deploymentRules(config),
    ...listenerRules(config),
    ...orderRules(config),
    ...providerRules(config),
  ];
}
