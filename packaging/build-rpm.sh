#!/bin/bash
# Builds the rpm packages from the commit that is checked out:
#   packaging/build-rpm.sh [--revision N] [--jobs N] [--output DIR]
#     --revision N   a later build of the same version: 0.1.0-N (default: 1)
#     --jobs N       compile so many files at once (default: one for each processor)
#     --output DIR   where the packages go (default: build/packages)
# On Fedora or openSUSE the spec's BuildRequires are asked for; on Debian, whose libraries rpm does not know, they are
# those of packaging/dependencies.sh. The packages run on the distribution that they were built on.
set -euo pipefail
cd "$(dirname "$0")/.."

revision=1 jobs=$(nproc) output=$PWD/build/packages
while [ $# -gt 0 ]; do
  case $1 in
    --revision) revision=${2:?--revision needs a number}; shift ;;
    --jobs) jobs=${2:?--jobs needs a number}; shift ;;
    --output) output=$(realpath -m "${2:?--output needs a folder}"); shift ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "unknown option: $1 (see packaging/build-rpm.sh --help)" >&2; exit 2 ;;
  esac
  shift
done

version=$(packaging/version.sh)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
folder=$PWD/build/packages/rpm
rm -rf "$folder"
mkdir -p "$folder/SOURCES" "$output"
git archive --prefix="streamd-$version/" --output="$folder/SOURCES/streamd-$version.tar.gz" HEAD
options=(--define "_topdir $folder" --define "streamd_version $version" --define "streamd_release $revision" --define "_smp_mflags -j$jobs"
  --define "streamd_date $(LC_ALL=C date -u -d "@$SOURCE_DATE_EPOCH" "+%a %b %d %Y")"
  --define "packager $(sed -n 's/^Maintainer: //p' packaging/debian/control)"
  --define "use_source_date_epoch_as_buildtime 1" --define "clamp_mtime_to_source_date_epoch 1" --define "_buildhost localhost")
# Debian's rpm knows neither the libraries nor systemd's folders nor a distribution's flags, and its own last steps need bash.
if [ -f /etc/debian_version ]; then
  packaging/dependencies.sh install build
  options+=(--nodeps --define "_lib lib64" --define "_libdir /usr/lib64" --define "_build_id_links none"
    --define "_unitdir /usr/lib/systemd/system" --define "_sysusersdir /usr/lib/sysusers.d"
    --define "__os_install_post bash /usr/lib/rpm/brp-compress /usr"
    --define "optflags -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fcf-protection -ffile-prefix-map=$folder=.")
  export LDFLAGS="-Wl,-z,relro,-z,now -Wl,-s"  # stripped: rpm's own step leaves the table of symbols
fi
rpmbuild -bb "${options[@]}" packaging/rpm/streamd.spec
mv "$folder"/RPMS/*/*.rpm "$output"
ls -1 "$output"/*-"$version-$revision"*.rpm
