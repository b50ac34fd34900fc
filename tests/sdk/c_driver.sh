#!/bin/sh
# c_driver.sh PREFIX [STREAMD STREAMCTL]: a driver in plain C, built outside the tree against the installed SDK with
# nothing but cc and the header, passes the suite. Dropped into a driver folder, it is used by streamd, which was built
# before the driver existed: a database is replicated through it and restored.
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
[ -z "$(find "$folder/store" -type f 2>/dev/null)" ] || { echo "the suite left objects behind" >&2; exit 1; }
[ $# -eq 3 ] || exit 0

streamd=$2 streamctl=$3 database=$folder/app.db
mkdir "$folder/drivers"
mv "$driver" "$folder/drivers/"
sqlite3 "$database" "PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES('one');" >/dev/null
cat >streamd.toml <<TOML
[streamd]
driver-path = ["$folder/drivers"]
control = "$folder/control.sock"
http = ""
[[database]]
path = "$database"
  [[database.replica]]
  driver = "folder"
  path = "$folder/replica"
TOML
unset STREAMD_DRIVER_PATH
"$streamctl" drivers list --config streamd.toml | grep -q folder
"$streamd" --config streamd.toml 2>streamd.log &
daemon=$!
trap 'kill $daemon 2>/dev/null || true; wait $daemon 2>/dev/null || true; rm -rf "$folder"' EXIT
until [ -S control.sock ] || ! kill -0 $daemon; do sleep 0.05; done
sqlite3 "$database" "INSERT INTO t VALUES('two');"
"$streamctl" sync "$database" --wait --config streamd.toml || { cat streamd.log >&2; exit 1; }
kill $daemon
wait $daemon
"$streamctl" restore "$database" -o "$folder/restored.db" --config streamd.toml >/dev/null
[ "$(sqlite3 "$folder/restored.db" 'SELECT group_concat(a) FROM t')" = one,two ] || { echo "the restored database differs" >&2; exit 1; }
echo "streamd replicated and restored through a driver in plain C"
