#!/bin/bash
# Shows streamd do its main job, from nothing: installs what is missing (Debian or Ubuntu), builds, and then
# replicates a live database under load, loses it, restores it, and compares.
#   packaging/quickstart.sh
# Nothing is left behind but the packages and the build in build/release.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "Installing what is missing and building streamd ..."
packaging/dependencies.sh install build quickstart
log=$(mktemp "${TMPDIR:-/tmp}/streamd-build.XXXXXX")
trap 'rm -f "$log"' EXIT
if ! { cmake --preset release && cmake --build build/release; } >"$log" 2>&1; then
  cat "$log" >&2
  echo "quickstart: streamd could not be built, see above" >&2
  exit 1
fi
find_built() { find build/release -type f -name "$1" -perm -u+x -print -quit; }
for name in streamd streamctl; do
  [ -n "$(find_built $name)" ] || { echo "quickstart: the build has no program $name" >&2; exit 1; }
done
drivers=$(find "$PWD/build/release" -name 'libstreamd-*.so' -printf '%h\n' | sort -u | paste -sd:)

STREAMD=$PWD/$(find_built streamd) STREAMCTL=$PWD/$(find_built streamctl) STREAMD_DRIVER_PATH=$drivers \
  PYTHONPATH=$PWD/tests /usr/bin/python3 -B packaging/quickstart.py
