#!/bin/sh
# template.sh PREFIX: the installed template builds out of the tree against the installed package and passes
# its own test; a driver made by streamd_add_driver() is hygienic, also with LINK and static state.
set -eu
prefix=$1
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/streamd-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT

cp -r "$prefix/share/streamd/driver-template" "$folder/mine"
cd "$folder"
cmake -S mine -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_INSTALL_PREFIX="$prefix" >cmake.log || { cat cmake.log; exit 1; }
cmake --build build
sh "$here/../abi/symbols.sh" build/libstreamd-template.so
ctest --test-dir build --output-on-failure
cmake --install build --prefix "$folder/installed" >/dev/null

# pkg-config finds the same header, wherever the prefix was moved to.
pc=$(find "$prefix" -name streamd-sdk.pc)
flags=$(PKG_CONFIG_PATH=$(dirname "$pc") pkg-config --cflags streamd-sdk)
echo '#include <streamd/driver.h>' | cc -std=c11 $flags -fsyntax-only -x c -
drivers=$(PKG_CONFIG_PATH=$(dirname "$pc") pkg-config --variable=driverdir streamd-sdk)
[ -f "$drivers/libstreamd-file.so" ] || { echo "driverdir $drivers has no libstreamd-file.so" >&2; exit 1; }
