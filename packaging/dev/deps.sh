#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that are missing: deps.sh build|run|test
# As root or with sudo; else it prints the line to run and stops.
set -euo pipefail

build=(gcc libc6-dev pkg-config libgl1-mesa-dev libx11-dev libxcursor-dev libxrandr-dev libxinerama-dev libxi-dev
  libxxf86vm-dev libxkbcommon-dev libwayland-dev)
run=("${build[@]}" libgl1 libx11-6 libxcursor1 libxrandr2 libxinerama1 libxi6 libxkbcommon0 libwayland-client0 ffmpeg)
test=("${run[@]}" chromium aria2 xvfb openbox xdotool x11-utils libgl1-mesa-dri python3-libtorrent shellcheck fonts-dejavu-core git ca-certificates)

case "${1:-}" in
build) wanted=("${build[@]}") ;;
run) wanted=("${run[@]}") ;;
test) wanted=("${test[@]}") ;;
*)
  echo "usage: deps.sh build|run|test" >&2
  exit 2
  ;;
esac

if ! command -v go >/dev/null; then
  echo "Go 1.26 or newer is needed: https://go.dev/dl/" >&2
  exit 1
fi
if ! command -v dpkg-query >/dev/null; then
  echo "This system is not Debian or Ubuntu. Peerpod needs what these packages hold: ${wanted[*]}" >&2
  exit 0
fi

missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ "$1" = test ] && ! command -v npm >/dev/null; then missing+=(npm); fi
[ "${#missing[@]}" -eq 0 ] && exit 0

line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" -eq 0 ]; then
  as=()
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
  as=(sudo)
else
  echo "Some packages are missing. Run this line as root, then try again:" >&2
  echo "  $line" >&2
  exit 1
fi
echo "Installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as[@]}" apt-get update -qq
"${as[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
