// Sends every request of our adapter to stripe-mock, which checks it against Stripe's own specification.
// Run by .ci/run: `STRIPE_MOCK_URL=http://127.0.0.1:12111 node test/conformance/stripe-mock.ts`. Exits
// with 1 when one is refused, with 2 when the mock cannot be reached. The mock's specification is of the
// version named below; where our pinned version words a request otherwise, the SDK is the judge
// (stripe-sdk-requests.test.ts).

import { ourStripeRequests } from './our-stripe-requests.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const url = process.env['STRIPE_MOCK_URL'];
if (url === undefined) {
  say('Expected STRIPE_MOCK_URL, e.g. http://127.0.0.1:12111; found nothing.');
  process.exit(2);
}

let failed = 0;
// Of stripe-mock v0.203.0.
const requests = ourStripeRequests(process.env['STRIPE_API_VERSION'] ?? '2026-08-26.dahlia');
for (const { name, request } of requests) {
  const response = await fetch(url + request.path, {
    method: request.method,
    headers: { ...request.headers },
    ...(request.body === null ? {} : { body: request.body }),
  }).catch((error: unknown) => {
    say(`stripe-mock cannot be reached at ${url}: ${String(error)}`);
    process.exit(2);
  });
  const text = await response.text();
  if (response.status === 200) {
    say(`ok    ${name}`);
    continue;
  }
  failed += 1;
  say(`FAIL  ${name}: ${request.method} ${request.path} ${request.body ?? ''}`);
  say(`      ${response.status} ${text.slice(0, 500)}`);
}
say(`${requests.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
