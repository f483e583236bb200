#!/bin/sh
# Checks the types of the page's modules with the TypeScript compiler, which is fetched by
# npm into a cache outside the repository. Nothing is compiled: the page has no build step.
set -eu

version=5.9.3
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/peerpod/typescript-$version

if ! command -v npm >/dev/null; then
	echo "npm is needed to check the page's types." >&2
	exit 1
fi
if [ ! -f "$cache/node_modules/typescript/bin/tsc" ]; then
	mkdir -p "$cache"
	npm install --prefix "$cache" --no-save --no-audit --no-fund --ignore-scripts --silent "typescript@$version"
fi
exec node "$cache/node_modules/typescript/bin/tsc" --project "$here/web/jsconfig.json"
