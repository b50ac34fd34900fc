#!/bin/bash
# tidy.sh BUILD: clang-tidy over our sources (.clang-tidy), without a finding.
set -euo pipefail
command -v run-clang-tidy >/dev/null || { echo "clang-tidy is not installed"; exit 77; }
cd "$(dirname "$0")/../.."
found=$(mktemp)
trap 'rm -f "$found"' EXIT
run-clang-tidy -quiet -p "$1" "^$PWD/(engine|plugins|sdk)/" >"$found" 2>/dev/null || true
grep -qE '^clang-tidy|warning' "$found" || { echo "run-clang-tidy looked at nothing"; exit 1; }
if grep -E ': (warning|error): ' "$found" | sort -u; then exit 1; fi
