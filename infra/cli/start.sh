#!/bin/sh
# The main job: a cluster of two nodes on this machine.
set -eu
cd "$(dirname "$0")/../.."
sh infra/cli/prepare.sh run
PATH="$PWD/node_modules/.bin:$PATH"
exec node infra/cli/main.ts up --nodes 2 "$@"
