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
tests/analysis/build.sh fuzz fuzz
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

fuzz_one() {
  local target=$1 log=$crashes/$1.log input
  mkdir "$found/$target"
  if STREAMD_FUZZ_TARGET=$target "$fuzz" "$found/$target" "tests/fuzz/corpus/$target" -max_total_time="$seconds" \
      -rss_limit_mb=512 -timeout=10 -max_len=65536 -artifact_prefix="$crashes/$target-" >"$log" 2>&1; then
    echo "$target: $(grep -o 'Done [0-9]* runs' "$log" || echo 'done')"
    rm -rf "$log" "${found:?}/$target"
    return 0
  fi
  input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
  echo "$target: $(grep -m 1 -E 'ERROR|runtime error|does not hold' "$log" || tail -n 1 "$log")"
  echo "  all it said: $log"
  echo "  see it again: STREAMD_FUZZ_TARGET=$target $fuzz ${input:-(no input was kept)}"
  return 1
}

result=0 running=0
for target in "$@"; do
  if [ "$running" -eq "$(nproc)" ]; then
    wait -n || result=1
    running=$((running - 1))
  fi
  fuzz_one "$target" &
  running=$((running + 1))
done
for ((; running > 0; running--)); do wait -n || result=1; done
exit $result
