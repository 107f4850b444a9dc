# The chart: every template and value, every shape on a real control plane, a release's whole life there, and the
# rendered pod really run, telling the story. Without KUBECONFIG a throw-away cluster is started beside it.
set -euo pipefail
instruments="$PWD/../shared/tools"
if [ -z "${KUBECONFIG:-}" ]; then
  # Leaves no process behind, whatever happens.
  trap '"$instruments/cluster/down" "$TMPDIR/cluster"' EXIT
  export CLUSTER_PORT="${CLUSTER_PORT:-26443}"
  "$instruments/cluster/up" "$TMPDIR/cluster" >"$TMPDIR/cluster.env"
  eval "$(cat "$TMPDIR/cluster.env")"
fi
if ! { command -v podman && command -v runc && command -v catatonit; } >/dev/null; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends podman runc catatonit >/dev/null
fi
if [ -z "${CONTAINERS_CONF:-}" ] && [ -f "$instruments/containers.conf" ]; then
  export CONTAINERS_CONF="$instruments/containers.conf"
fi
# The image is that of the suite before; a run of this suite alone builds it.
podman image exists "${IMAGE:-localhost/sallyport:$(node -p 'require("./package.json").version')}" ||
  bash .ci/suites/90-image.sh >"$TMPDIR/image.log" 2>&1 || { tail -n 40 "$TMPDIR/image.log"; exit 1; }
npm run test:heavy -- test/chart
