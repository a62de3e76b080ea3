#!/bin/sh
# The main job: a cluster on this machine, with the images that the examples name where they can be made.
set -eu
cd "$(dirname "$0")/../.."
sh infra/cli/prepare.sh run
PATH="$PWD/node_modules/.bin:$PATH"
images=
if [ "$(id -u)" = 0 ] && command -v containerd >/dev/null; then
  images=$(node test/images/build.ts --files) || echo "The sample images could not be made; images will be pulled." >&2
fi
# shellcheck disable=SC2086
exec node infra/cli/main.ts up --nodes 2 ${images:+--images $images} "$@"
