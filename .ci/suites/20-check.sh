# Format, lint, types, boundaries, dead code.
set -euo pipefail
npm run check
