#!/bin/sh
# keep.sh: makes kept/<ABI version> anew from the committed tree: the memory driver as a stripped binary,
# the description for abidiff, and a text that says how. While the ABI is a draft only (see the changelog).
set -eu
cd "$(dirname "$0")/../.."
[ -z "$(git status --porcelain sdk/include tests/drivers/memory tests/abi/surface.c)" ] || {
  echo "commit the header and the driver first" >&2
  exit 1
}
version=$(sed -n 's/^#define STREAMD_ABI_VERSION "\(.*\)"/\1/p' sdk/include/streamd/driver.h)
kept=tests/abi/kept/$version
command="gcc -std=gnu11 -O2 -fPIC -shared -s -fvisibility=hidden -Isdk/include -Wl,--version-script=sdk/cmake/streamd_driver.map -Wl,-z,defs tests/drivers/memory/memory.c tests/drivers/memory/driver.c -o libstreamd-memory.so"
mkdir -p "$kept"
$command
mv libstreamd-memory.so "$kept/"
gcc -std=c11 -g -O0 -fPIC -shared -Isdk/include tests/abi/surface.c -o surface.so
abidw --no-corpus-path --no-show-locs --no-comp-dir-path --no-elf-needed surface.so >"$kept/driver.abi"
rm surface.so
cat >"$kept/built.txt" <<END
The memory driver (tests/drivers/memory) as a binary of driver ABI $version, x86-64, stripped.
commit: $(git log -1 --format=%H -- sdk/include tests/drivers/memory)
compiler: $(gcc --version | head -1)
command: $command
sha256: $(cd "$kept" && sha256sum libstreamd-memory.so)
END
grep -qx "$version" tests/abi/kept/versions 2>/dev/null || echo "$version" >>tests/abi/kept/versions
