#!/bin/sh
# The Debian packages that streamd needs, one list for everybody:
#   packaging/dependencies.sh build|test|analysis|quickstart|package     prints the names
#   packaging/dependencies.sh install build|test|analysis|quickstart|package ...   installs what is missing (as root)
set -eu
build="g++ cmake ninja-build pkg-config ccache libsqlite3-dev libpoco-dev libzstd-dev libtomlplusplus-dev
libcli11-dev libfmt-dev libxxhash-dev libsodium-dev libexpected-dev libsystemd-dev liblz4-dev libyaml-cpp-dev
libcurl4-openssl-dev libssl-dev libpugixml-dev nlohmann-json3-dev"
test="libboost-test-dev sqlite3 python3 python3-yaml abigail-tools procps universal-ctags git openssl
radosgw ceph-mon ceph-osd ceph-common swift-proxy swift-account swift-container swift-object memcached
rclone python3-b2sdk s3cmd nftables iproute2 tinyproxy cppcheck"
analysis="clang libclang-rt-14-dev clang-tidy clang-format valgrind gcovr"
quickstart="sqlite3 python3"
package="debhelper dpkg-dev lintian piuparts rpm rpmlint mmdebstrap zstd systemd-container man-db
podman podman-compose netavark aardvark-dns catatonit"
# npm carries the newest SQLite to the stress tests. Debian's package conflicts with the Node.js that
# other archives ship, so one that is here already stays.
command -v npm >/dev/null || test="$test npm"

packages() {
  for list in "$@"; do
    case $list in
      build) echo $build ;;
      test) echo $test ;;
      analysis) echo $analysis ;;
      quickstart) echo $quickstart ;;
      package) echo $package ;;
      *) echo "unknown list: $list (build, test, analysis, quickstart, package)" >&2; exit 2 ;;
    esac
  done
}

if [ "${1:-}" != install ]; then packages "$@"; exit; fi
shift
missing=
for package in $(packages "$@"); do
  dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
echo "installing:$missing"
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q
$sudo apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=600 $missing
