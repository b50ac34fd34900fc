#!/bin/bash
# Installs what the tests need, builds, and runs every test:
#   tests/run.sh [--all] [-R REGEX] [--preset NAME]
#     --all          also the tests labelled `soak` (minutes to hours) and `bench` (figures); CI leaves them out.
#                    Without it the other builds of `sanitizer` may take five minutes each, see tests/analysis/build.sh
#     -R REGEX       only the tests whose name matches
#     --preset NAME  another CMake preset than dev (asan+ubsan, tsan, coverage)
# A test that cannot run here skips (exit code 77) with one sentence. With CI=true a skipped test that
# tests/allowed-skips.txt does not name is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=dev
selection=(-LE 'soak|bench')
lists=(build test)
export STREAMD_BUILD_SECONDS=300
only=()
while [ $# -gt 0 ]; do
  case $1 in
    --all) selection=(); lists=(build test analysis); unset STREAMD_BUILD_SECONDS ;;
    -R) only=(-R "${2:?-R needs a regular expression}"); shift ;;
    --preset) preset=${2:?--preset needs a name}; shift ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "unknown option: $1 (see tests/run.sh --help)" >&2; exit 2 ;;
  esac
  shift
done

packaging/dependencies.sh install "${lists[@]}"
cmake --preset "$preset"
cmake --build "build/$preset"

report=$PWD/build/$preset/test-report.xml
rm -f "$report"
result=0
ctest --test-dir "build/$preset" -j2 --output-on-failure --no-tests=error \
  --output-junit "$report" "${selection[@]}" "${only[@]}" || result=$?
/usr/bin/python3 tests/check/skips.py "$report" tests/allowed-skips.txt || result=1
exit $result
