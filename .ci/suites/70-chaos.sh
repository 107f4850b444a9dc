# kill -9 of everything under load on both databases, every promise checked afterwards; three planted bugs are found.
set -euo pipefail
npm run chaos -- --kills 20 --seed "${CHAOS_SEED:-$RANDOM}"
npm run chaos -- --kills 18 --seed "${CHAOS_SEED:-$RANDOM}" --database postgres
npm run test:heavy -- test/chaos
