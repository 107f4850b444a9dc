# The packages, exactly as the lockfile names them.
set -euo pipefail
npm ci
