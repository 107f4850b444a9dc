# Every acknowledged operation has its sync, counted by strace on both databases; planted weak commits are found.
set -euo pipefail
command -v strace >/dev/null || { apt-get update -qq && apt-get install -y -qq strace >/dev/null; }
npm run test:heavy -- test/durability
