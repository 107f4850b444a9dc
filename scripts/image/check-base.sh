#!/bin/sh
# Can this image carry the appliance? First without Node, because it may have none; the rest is check-base.js.
# $1 is the name of the build argument that brought the image.

if ! command -v node >/dev/null; then
  echo "$1: expected an image with Node 24.12 or a later 24 in its PATH, found no node. For example: node:24-bookworm-slim" >&2
  exit 1
fi
if [ "$1" = BUILD_BASE ] && ! command -v npm >/dev/null; then
  echo "BUILD_BASE: expected an image with npm besides Node, found no npm. Give one with it; BASE itself needs none." >&2
  exit 1
fi
if ! command -v setsid >/dev/null; then
  echo "$1: expected an image with setsid (util-linux), which starts the server in its own session; found none." >&2
  exit 1
fi
exec node "$(dirname "$0")/check-base.js" "$1"
