# stripe-mock holds every request of our adapter against Stripe's own specification.
set -euo pipefail
export GOBIN="$TMPDIR/gobin"
go install github.com/stripe/stripe-mock@v0.203.0
"$GOBIN/stripe-mock" -http-addr 127.0.0.1:12119 >"$TMPDIR/stripe-mock.log" 2>&1 &
mock=$!
trap 'kill "$mock" 2>/dev/null; wait "$mock" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
  if curl -s -o /dev/null http://127.0.0.1:12119/; then break; fi
  sleep 0.2
done
STRIPE_MOCK_URL=http://127.0.0.1:12119 npm run -s conformance:stripe-mock
# The twin's objects have the keys of Stripe's published examples.
STRIPE_FIXTURES="${STRIPE_FIXTURES:-$PWD/../shared/specs/stripe-fixtures3.json}" npm run -s test:heavy -- test/conformance/stripe-shapes
