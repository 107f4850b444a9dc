# The installer for real: a plain process and podman, installed by the documented commands, killed, upgraded, broken,
# backed up, restored and taken away.
set -euo pipefail
if ! { command -v podman && command -v runc; } >/dev/null; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends podman runc >/dev/null
fi
# What this kind of machine allows; another machine brings its own, or needs none.
instruments="$PWD/../shared/tools/containers.conf"
if [ -z "${CONTAINERS_CONF:-}" ] && [ -f "$instruments" ]; then export CONTAINERS_CONF="$instruments"; fi

# The image is that of the suite before. A run of this suite alone builds it; one of another commit would not know
# this checkout's migrations.
image="localhost/sallyport:$(node -p 'require("./package.json").version')"
revision='{{index .Labels "org.opencontainers.image.revision"}}'
built_from="$(podman image inspect --format "$revision" "$image" 2>/dev/null || true)"
if [ "${built_from%-dirty}" != "$(git rev-parse HEAD)" ]; then
  bash .ci/suites/90-image.sh >"$TMPDIR/image.log" 2>&1 || { tail -n 40 "$TMPDIR/image.log"; exit 1; }
fi

# A plain process needs other ports than the documented commands do, so it goes beside them.
npm run test:heavy -- test/installer/runtimes/process.heavy.ts >"$TMPDIR/process.log" 2>&1 &
process=$!
mapfile -t others < <(find test/installer -name '*.heavy.ts' ! -path '*/runtimes/process.heavy.ts')
failed=0
npm run test:heavy -- "${others[@]}" || failed=1
wait "$process" || failed=1
cat "$TMPDIR/process.log"
exit "$failed"
