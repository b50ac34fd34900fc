#!/bin/bash
# Builds the Debian packages from the commit that is checked out:
#   packaging/build-deb.sh [--revision N] [--jobs N] [--output DIR]
#     --revision N   a later build of the same version: 0.1.0+N
#     --jobs N       compile so many files at once (default: one for each processor)
#     --output DIR   where the packages go (default: build/packages)
# Works in build/packages/deb. The clock of the build is the commit's, so that two builds can be compared.
set -euo pipefail
cd "$(dirname "$0")/.."

revision='' jobs=$(nproc) output=$PWD/build/packages
while [ $# -gt 0 ]; do
  case $1 in
    --revision) revision=+${2:?--revision needs a number}; shift ;;
    --jobs) jobs=${2:?--jobs needs a number}; shift ;;
    --output) output=$(realpath -m "${2:?--output needs a folder}"); shift ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "unknown option: $1 (see packaging/build-deb.sh --help)" >&2; exit 2 ;;
  esac
  shift
done

version=$(packaging/version.sh)$revision
export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
# debhelper gives the build a home of its own; the compiler's cache stays where it is.
if command -v ccache >/dev/null; then export CCACHE_DIR=$(ccache --get-config cache_dir); fi

folder=build/packages/deb
source=$folder/streamd
rm -rf "$folder"
mkdir -p "$source" "$output"
git archive HEAD | tar -x -C "$source"
cp -r "$source/packaging/debian" "$source/debian"
cat > "$source/debian/changelog" <<END
streamd ($version) bookworm; urgency=medium

  * Version $version, built from the project's own packaging. What changed is
    in CHANGELOG.md.

 -- $(sed -n 's/^Maintainer: //p' packaging/debian/control)  $(date -Ru -d "@$SOURCE_DATE_EPOCH")
END
(cd "$source" && dpkg-buildpackage --build=binary --no-sign --jobs="$jobs")
mv "$folder"/*.deb "$folder"/*.changes "$folder"/*.buildinfo "$output"
ls -1 "$output"/*"_${version}_"*.deb
