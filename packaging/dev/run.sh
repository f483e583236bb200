#!/usr/bin/env bash
# Builds and starts Peerpod: the window where there is a display, else the pod alone.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "$(uname)" = Darwin ]; then
  echo "Building Peerpod (the first time takes some minutes)…"
  make --no-print-directory -s window
  exec bin/peerpod "$@"
fi
echo "There is no display, so the pod starts without its window. Its page is at the address after \"ready\"; Ctrl+C stops it."
make --no-print-directory -s daemon
exec bin/peerpodd "$@"
