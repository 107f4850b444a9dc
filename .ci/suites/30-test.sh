# All tests on both databases, their parity, coverage.
set -euo pipefail
npm test
