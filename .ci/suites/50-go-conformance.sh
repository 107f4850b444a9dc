# A client in Go, written from docs/device-protocol.md alone, claims, connects, reports and asks.
set -euo pipefail
npm run -s conformance:go
