#!/bin/bash
# sanitized.sh PRESET LABEL: builds the tests of a label with a preset of a sanitizer, and runs them.
set -euo pipefail
cd "$(dirname "$0")/../.."
preset=$1 label=$2
tests/analysis/build.sh "$preset" "${label}_tests"
# These take a quarter of an hour under ThreadSanitizer; the others have the same threads do the same.
[ "$preset" != tsan ] || export BOOST_TEST_RUN_FILTERS='!outage_phases:!outage:!comparison'
exec ctest --preset "$preset" -j2 -L "^$label\$" -LE soak --no-tests=error
