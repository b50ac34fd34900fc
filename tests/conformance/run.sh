#!/bin/sh
# run.sh CHECK DRIVER CONFIG-TEXT [OPTION...]: the suite, with @FOLDER@ in the text a folder of its own.
set -eu
check=$1 driver=$2 config=$3
shift 3
folder=$(mktemp -d "${TMPDIR:-/tmp}/streamd-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT
printf '%b\n' "$config" | sed "s|@FOLDER@|$folder|g" >"$folder/check.toml"
"$check" "$@" "$driver" "$folder/check.toml"
