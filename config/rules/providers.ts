// Rules of the providers: what an enabled one needs, and that its results can come in. Stripe can be
// polled by its event list; Veriff has none, so poll there means asking for each open session.

import type { Config } from '../table.ts';
import type { RuleBreach } from './breach.ts';
import { mustBeHttps } from './listeners.ts';

export function providerRules(config: Config): RuleBreach[] {
  const { stripe, veriff } = config.providers;
  return [
    ...(stripe.enabled
      ? [
          ...needed('stripe', { secret_key: stripe.secret_key }),
          ...webhookSecretRule(config),
          ...commonRules(config, 'stripe'),
        ]
      : []),
    ...(veriff.enabled
      ? [
          ...needed('veriff', {
            base_url: veriff.base_url,
            api_key: veriff.api_key,
            shared_secret: veriff.shared_secret,
          }),
          ...commonRules(config, 'veriff'),
        ]
      : []),
  ];
}

function needed(provider: string, values: Record<string, string | null>): RuleBreach[] {
  return Object.entries(values)
    .filter(([, value]) => value === null)
    .map(([name]) => ({
      path: `providers.${provider}.${name}`,
      besides: [`providers.${provider}.enabled`],
      expected: `a value, because providers.${provider}.enabled is true`,
      found: 'nothing',
    }));
}

function commonRules(config: Config, name: 'stripe' | 'veriff'): RuleBreach[] {
  const provider = config.providers[name];
  const section = `providers.${name}`;
  const found: RuleBreach[] = [];
  if (provider.ingress === 'webhook' && config.http.public_url === null) {
    found.push({
      path: 'http.public_url',
      besides: [`${section}.ingress`, `${section}.enabled`],
      expected: `the address ${name} calls, because ${section}.ingress is webhook (or set that to poll or relay)`,
      found: 'nothing',
    });
  }
  if (mustBeHttps(config.profile) && provider.base_url?.startsWith('http:') === true) {
    found.push({
      path: `${section}.base_url`,
      besides: ['profile', `${section}.enabled`],
      expected: `an https:// URL in the ${config.profile} profile`,
      found: provider.base_url,
    });
  }
  return found;
}

function webhookSecretRule({ providers: { stripe } }: Config): RuleBreach[] {
  if (stripe.ingress === 'poll' || stripe.webhook_secrets.length > 0) return [];
  return [
    {
      path: 'providers.stripe.webhook_secrets',
      besides: ['providers.stripe.ingress', 'providers.stripe.enabled'],
      expected: `at least one signing secret, because providers.stripe.ingress is ${stripe.ingress}`,
      found: 'an empty list',
    },
  ];
}
