#!/bin/sh
# abidiff.sh CC INCLUDE: today's header against the kept description of each released ABI. Then the guard
# itself is tried: it must let an appended member pass and stop an inserted one and a changed signature.
set -eu
cc=$1 include=$2
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/streamd-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT

build() { # build NAME INCLUDE
  "$cc" -std=c11 -g -O0 -fPIC -shared -I"$2" "$here/surface.c" -o "$folder/$1.so"
}
# The suppression lets members pass that were appended, yet it is also silent about every other change of
# the same struct (libabigail 2.2): the report without it must tell of insertions and nothing else.
compare() { # compare BASELINE NAME
  abidiff --suppressions "$here/append.suppr" "$1" "$folder/$2.so" || return 1
  report=$(abidiff --leaf-changes-only "$1" "$folder/$2.so" || true)
  ! printf '%s\n' "$report" | grep -E 'data member change|data member deletion|[1-9][0-9]* (Removed|Changed)'
}
variant() { # variant NAME SED-EXPRESSION
  mkdir -p "$folder/$1/streamd"
  sed "$2" "$include/streamd/driver.h" >"$folder/$1/streamd/driver.h"
  ! cmp -s "$folder/$1/streamd/driver.h" "$include/streamd/driver.h" || { echo "variant $1 changed nothing" >&2; exit 1; }
  build "$1" "$folder/$1"
}

build today "$include"
found=0
for baseline in "$here"/kept/*/driver.abi; do
  [ -f "$baseline" ] || break
  found=1
  compare "$baseline" today || { echo "the ABI is not that of $baseline any more" >&2; exit 1; }
done
[ $found = 1 ] || { echo "no kept/*/driver.abi" >&2; exit 1; }

variant appended 's|^  /\* 1.x only ever appends.*|  streamd_code (*copy)(void* instance, const char* from, const char* to);|'
variant inserted 's|^  void (\*close)(void\* instance);|  void (*flush)(void* instance);\n&|'
variant retyped 's|^  uint32_t max_concurrency;|  uint16_t max_concurrency;|'
compare "$baseline" appended >/dev/null || { echo "the guard refuses an appended member" >&2; exit 1; }
variant resigned 's|\(\*stat)(void\* instance, const streamd_call\* call, \)const char\* key|\1int key|'
variant removed '/^  const char\* summary;/d'
for name in inserted retyped resigned removed; do
  if compare "$baseline" $name >/dev/null; then echo "the guard does not see: $name" >&2; exit 1; fi
done
