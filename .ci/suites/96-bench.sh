# Every measure of the benches runs end to end at a tiny size, beside its peer; no aim is judged.
set -euo pipefail
command -v strace >/dev/null || { apt-get update -qq && apt-get install -y -qq strace >/dev/null; }
npm run -s bench -- --smoke --json "$TMPDIR/bench.json"
echo '1 passed, 0 failed'
