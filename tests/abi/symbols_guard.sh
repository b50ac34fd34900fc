#!/bin/sh
# symbols_guard.sh CXX INCLUDE MAP: symbols.sh must refuse a driver that was linked without the version
# script and one that calls into the host, and accept the same code linked as streamd_add_driver does.
set -eu
cxx=$1 include=$2 map=$3
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/streamd-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT

cat >"$folder/driver.cpp" <<'END'
#include <streamd/driver.h>
struct Cache { static Cache& get() { static Cache one; return one; } int count = 0; };
#ifdef CALLS_HOST
extern "C" int streamd_host_function();
#else
static int streamd_host_function() { return 1; }
#endif
extern "C" const streamd_driver* streamd_driver_v1(const streamd_host*) {
  Cache::get().count += streamd_host_function();
  return nullptr;
}
END
build() { # build NAME OPTION...
  name=$1
  shift
  "$cxx" -std=c++17 -fPIC -shared -I"$include" "$@" "$folder/driver.cpp" -o "$folder/$name.so"
}
build good -fvisibility=hidden "-Wl,--version-script=$map"
build two_symbols
build needs_host -DCALLS_HOST "-Wl,--version-script=$map"
sh "$here/symbols.sh" "$folder/good.so"
for name in two_symbols needs_host; do
  if sh "$here/symbols.sh" "$folder/$name.so" 2>/dev/null; then
    echo "symbols.sh accepts $name" >&2
    exit 1
  fi
done
