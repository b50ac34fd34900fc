#!/bin/bash
# cppcheck.sh BUILD: cppcheck over our sources, without a finding. What it gets wrong is excused in the source.
set -euo pipefail
command -v cppcheck >/dev/null || { echo "cppcheck is not installed"; exit 77; }
cd "$(dirname "$0")/../.."
build=$1
mkdir -p "$build/cppcheck"
cppcheck --project="$build/compile_commands.json" --cppcheck-build-dir="$build/cppcheck" -j2 --quiet \
  --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
  --file-filter="$PWD/engine/*" --file-filter="$PWD/plugins/*" --file-filter="$PWD/sdk/*" \
  --suppressions-list=tests/analysis/cppcheck.txt --template='{file}:{line}: {severity}: {message} [{id}]'
