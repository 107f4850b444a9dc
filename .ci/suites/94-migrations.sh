# The release before serves under load while the new one migrates, on both databases, and comes back on the new
# schema; a migration that locks and one that breaks are noticed. SALLYPORT_PREVIOUS_RELEASE names another one.
set -euo pipefail
npm run test:heavy -- test/migrations
