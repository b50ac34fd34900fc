#!/bin/bash
# build.sh PRESET TARGET: another build of the same source, for a test. With STREAMD_BUILD_SECONDS in the environment it
# may take so long; a compiler's cache that is empty makes it skip, and the next run goes on from there.
set -euo pipefail
preset=$1 target=$2
cmake --preset "$preset" >/dev/null
result=0
timeout "${STREAMD_BUILD_SECONDS:-86400}" cmake --build "build/$preset" --target "$target" || result=$?
[ $result -ne 124 ] || { echo "the build $preset takes longer than $STREAMD_BUILD_SECONDS s: the compiler's cache was empty"; exit 77; }
exit $result
