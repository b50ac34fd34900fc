#!/bin/bash
# Makes a release from a clean checkout:
#   packaging/release.sh VERSION
# Sets the version in CMakeLists.txt, commits and tags it, builds and checks the packages, and writes build/packages/SHA256SUMS.
# Nothing is pushed.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:-}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "usage: packaging/release.sh VERSION, as 1.2.3" >&2; exit 2; }
fail() { echo "release: $*" >&2; exit 1; }
command -v lintian >/dev/null || fail "lintian is not installed (packaging/dependencies.sh install package)"
[ -z "$(git status --porcelain)" ] || fail "the checkout is not clean"
git rev-parse -q --verify "refs/tags/v$version" >/dev/null && fail "the tag v$version exists"
grep -qE "^## ${version//./\\.}( |$)" CHANGELOG.md || fail "CHANGELOG.md has no heading '## $version'"
! grep -qE "^## ${version//./\\.} .*unreleased" CHANGELOG.md || fail "CHANGELOG.md still says that $version is unreleased"

sed -i "s/^\(project(streamd VERSION \)[0-9.]*/\1$version/" CMakeLists.txt
[ "$(packaging/version.sh)" = "$version" ] || fail "the version could not be set in CMakeLists.txt"
git diff --quiet || git commit -q -m "Version $version" CMakeLists.txt
rm -rf build/packages
packaging/build-deb.sh
lintian --fail-on error,warning build/packages/*.changes
if command -v rpmbuild >/dev/null; then packaging/build-rpm.sh; fi
git tag -a "v$version" -m "streamd $version"
(cd build/packages && sha256sum -- *.deb $(ls -- *.rpm 2>/dev/null) > SHA256SUMS)
cat build/packages/SHA256SUMS
echo "tagged v$version; push it when you are content"
