# The README's first command on an empty folder: the whole story, live, with a population of 10,000.
set -euo pipefail
npm start -- --exit-after-story --data "$TMPDIR/evaluation" --port 28080 --gateway-port 28443
echo '1 passed, 0 failed'
