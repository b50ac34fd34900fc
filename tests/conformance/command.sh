#!/bin/sh
# command.sh CHECK DRIVER: the command around the suite: its lists, its refusals, its exit codes.
set -eu
check=$1 driver=$2
folder=$(mktemp -d "${TMPDIR:-/tmp}/streamd-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"

expect() { # expect CODE TEXT ARGUMENT...
  code=$1 text=$2
  shift 2
  status=0
  "$check" "$@" >out 2>&1 || status=$?
  [ $status = "$code" ] || { echo "$*: exit code $status instead of $code" >&2; cat out >&2; exit 1; }
  grep -qF -- "$text" out || { echo "$*: does not say '$text'" >&2; cat out >&2; exit 1; }
}
echo 'store = "${CHECK_STORE}"' >good.toml
echo 'stor = "x"' >typo.toml
echo 'store = ' >broken.toml
echo 'int main(void) { return 0; }' >none.c
cc -shared -fPIC none.c -o none.so

expect 0 usage: --help
expect 0 atomic.if-absent-race --list
[ "$("$check" --list | wc -l)" -ge 40 ] || { echo "fewer than 40 checks" >&2; exit 1; }
expect 2 'a driver and an options file are needed' "$driver"
expect 2 "no check or group is called 'rang'" --only rang "$driver" good.toml
expect 2 '--seconds needs a number' --seconds soon "$driver" good.toml
expect 2 "unknown option '--fast'" --fast "$driver" good.toml
expect 40 'the environment has no CHECK_STORE' "$driver" good.toml
export CHECK_STORE=command
expect 40 'has no option stor' "$driver" typo.toml
expect 40 'cannot read broken.toml, line 1' "$driver" broken.toml
expect 40 'cannot load' ./absent.so good.toml
expect 40 'no streamd_driver_v1' ./none.so good.toml
expect 0 '9 passed, 0 skipped, 0 failed' --only range "$driver" good.toml
expect 0 'put if absent: yes, lists in order: yes' --only basic.one-byte "$driver" good.toml
expect 0 '"caps":{"if_absent":true,' --json --only basic.one-byte "$driver" good.toml
expect 0 '"outcome":"pass"' --json --only basic.one-byte --prefix mine "$driver" good.toml
