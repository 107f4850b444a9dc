// Stripe's published example objects, read from beside the checkout when they are there.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../../../shared/specs/stripe-fixtures3.json', import.meta.url));

type Shape = Record<string, unknown>;

/** Null, with a notice, when the folder of specifications is absent. */
export function readStripeFixtures(): Record<string, Shape> | null {
  if (!existsSync(FILE)) {
    process.stderr.write('stripe-fixtures3.json is not here: shapes are not compared\n');
    return null;
  }
  return (JSON.parse(readFileSync(FILE, 'utf8')) as { resources: Record<string, Shape> }).resources;
}
