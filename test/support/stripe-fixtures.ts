// Stripe's published example objects. They are Stripe's and not in this repository: STRIPE_FIXTURES names the
// file (fixtures3.json of Stripe's openapi repository). Without it the comparison fails, it is not left out.

import { readFileSync } from 'node:fs';

type Shape = Record<string, unknown>;

export function readStripeFixtures(): Record<string, Shape> {
  const file = process.env['STRIPE_FIXTURES'];
  if (file === undefined) {
    throw new Error("STRIPE_FIXTURES: expected the path of Stripe's fixtures3.json, found nothing");
  }
  return (JSON.parse(readFileSync(file, 'utf8')) as { resources: Record<string, Shape> }).resources;
}
