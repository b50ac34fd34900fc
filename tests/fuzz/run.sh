#!/bin/bash
# Fuzzes the parsers of foreign bytes with libFuzzer:
#   tests/fuzz/run.sh [SECONDS] [TARGET...]     10 seconds each, and all targets, unless told otherwise
# The corpus is the beginning; what is found besides is thrown away. Of a crash it says how to see it again.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-10}
shift || true

if ! command -v clang++ >/dev/null; then
  echo "clang is not installed, so there is no libFuzzer"
  exit 77
fi
cmake --preset fuzz >/dev/null
cmake --build build/fuzz --target fuzz
fuzz=build/fuzz/tests/fuzz/fuzz
if [ $# -eq 0 ]; then
  mapfile -t targets < <(STREAMD_FUZZ_TARGET='' "$fuzz" 2>&1 | tail -n +2)
  set -- "${targets[@]}"
fi

crashes=$PWD/build/fuzz/crashes
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
mkdir -p "$crashes"
export ASAN_OPTIONS=detect_stack_use_after_return=1:allocator_may_return_null=0
result=0
for target in "$@"; do
  rm -rf "$found"/*
  log=$crashes/$target.log
  if STREAMD_FUZZ_TARGET=$target "$fuzz" "$found" "tests/fuzz/corpus/$target" -max_total_time="$seconds" \
      -rss_limit_mb=512 -timeout=10 -max_len=65536 -artifact_prefix="$crashes/$target-" >"$log" 2>&1; then
    echo "$target: $(grep -o 'Done [0-9]* runs' "$log" || echo 'done')"
    rm -f "$log"
    continue
  fi
  result=1
  input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
  echo "$target: $(grep -m 1 -E 'ERROR|runtime error|does not hold' "$log" || tail -n 1 "$log")"
  echo "  all it said: $log"
  echo "  see it again: STREAMD_FUZZ_TARGET=$target $fuzz ${input:-(no input was kept)}"
done
exit $result
