#!/bin/sh
# kept.sh CHECK: the driver binaries of every released ABI must be there and pass today's suite.
set -eu
check=$1
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/streamd-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT
echo 'store = "kept"' >"$folder/check.toml"

for version in $(cat "$here/kept/versions"); do
  driver=$here/kept/$version/libstreamd-memory.so
  for file in "$driver" "$here/kept/$version/built.txt" "$here/kept/$version/driver.abi"; do
    [ -s "$file" ] || { echo "missing: $file" >&2; exit 1; }
  done
  [ "$(wc -c <"$driver")" -le 65536 ] || { echo "$driver is larger than 64 KiB" >&2; exit 1; }
  (cd "$here/kept/$version" && sed -n 's/^sha256: //p' built.txt | sha256sum --check --quiet)
  if [ "$(uname -m)" != x86_64 ]; then
    echo "$version: not run, this is no x86-64"
    continue
  fi
  "$check" --large 8 --seconds 2 "$driver" "$folder/check.toml"
done
