// The Stripe twin: a stateful stand-in for api.stripe.com, as a process of its own.

import { FlagError, type Flags } from '../twin/flags.ts';
import { runTwin } from '../twin/run-twin.ts';
import { createStripe } from './provider.ts';
import { TABLES } from './tables.ts';
import { WEBHOOK_STYLE } from './webhook-signature.ts';

await runTwin(
  {
    name: 'stripe',
    tables: TABLES,
    bodyMaxBytes: 1_048_576,
    flags: {
      'secret-key': { doc: 'the only key accepted; else any sk_test_ key', kind: 'text' },
      'webhook-secret': { doc: 'whsec_… secret webhooks are signed with', kind: 'text' },
    },
    webhookStyle: () => WEBHOOK_STYLE,
    webhookSecret: readSecret,
    create: createStripe,
  },
  process.argv.slice(2),
);

function readSecret(flags: Flags): string | undefined {
  const secret = flags.text('webhook-secret');
  if (secret === undefined && flags.text('webhook-url') !== undefined) {
    throw new FlagError('--webhook-secret is required together with --webhook-url');
  }
  return secret;
}
