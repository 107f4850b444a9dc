# The container image, on a base made from this machine's own mirror: built, measured, run with every wall in place,
# the story inside with no network but loopback. The images stay in local storage for the suites that follow.
set -euo pipefail
needed=(buildah podman runc debootstrap unshare ip)
if ! command -v "${needed[@]}" >/dev/null || [ "$(command -v "${needed[@]}" | wc -l)" -lt "${#needed[@]}" ]; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends buildah podman runc debootstrap util-linux iproute2 >/dev/null
fi
# What this kind of machine allows; another machine brings its own, or needs none.
instruments="$PWD/../shared/tools/containers.conf"
if [ -z "${CONTAINERS_CONF:-}" ] && [ -f "$instruments" ]; then export CONTAINERS_CONF="$instruments"; fi

{ read -r base; read -r build_base; } < <(npm run -s image:base)
for target in production evaluation; do
  npm run -s image -- --engine buildah --isolation chroot --target "$target" \
    --base "$base" --build-base "$build_base" >"$TMPDIR/image-$target.log" 2>&1 ||
    { tail -n 40 "$TMPDIR/image-$target.log"; exit 1; }
  tail -n 1 "$TMPDIR/image-$target.log"
done
npm run test:heavy -- test/image
