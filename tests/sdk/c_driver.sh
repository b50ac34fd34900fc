#!/bin/sh
# c_driver.sh PREFIX: a driver in plain C, built outside the tree against the installed SDK with nothing but
# cc and the header, passes the suite, and lands in the folder where streamd looks for drivers.
set -eu
prefix=$1
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/streamd-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT
driver=$folder/libstreamd-folder.so

cp "$here/folder/folder.c" "$folder/"
cd "$folder"
cc -std=c11 -O2 -pedantic -Wall -Wextra -Werror -I"$prefix/include" -shared -fPIC folder.c -o "$driver"
printf 'path = "%s/store"\n' "$folder" >check.toml
"$prefix/bin/streamd-driver-check" --large 8 --objects 500 --seconds 2 "$driver" check.toml
[ -z "$(find "$folder/store" -type f)" ] || { echo "the suite left objects behind" >&2; exit 1; }
