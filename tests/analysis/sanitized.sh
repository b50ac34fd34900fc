#!/bin/bash
# sanitized.sh PRESET LABEL: builds the tests of a label with a preset of a sanitizer, and runs them.
set -euo pipefail
cd "$(dirname "$0")/../.."
preset=$1 label=$2
cmake --preset "$preset" >/dev/null
cmake --build "build/$preset" --target "${label}_tests"
exec ctest --preset "$preset" -j2 -L "^$label\$" -LE soak --no-tests=error
