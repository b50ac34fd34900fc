#!/bin/bash
# Proves that the repository's two commands need nothing but a bare Debian 12 with git:
#   packaging/fresh-machine.sh run [ARGUMENTS of tests/run.sh]
#   packaging/fresh-machine.sh quickstart
# Bootstraps a minimal root with mmdebstrap (as root), clones HEAD into it, runs the command inside, and
# removes everything again. Only how this machine reaches its archives is taken over: Debian's sources,
# the proxy, name resolution, certificates and npm's settings.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
command=${1:-run}
[ $# -gt 0 ] && shift
case $command in
  run) inside=(tests/run.sh "$@") ;;
  quickstart) inside=(packaging/quickstart.sh) ;;
  *) echo "usage: packaging/fresh-machine.sh run|quickstart" >&2; exit 2 ;;
esac
[ "$(id -u)" = 0 ] || { echo "bootstrapping a root needs root" >&2; exit 2; }
command -v mmdebstrap >/dev/null || { echo "mmdebstrap is not installed" >&2; exit 2; }

# Its own mount and process namespace: whatever happens, mounts and processes end with this script.
if [ -z "${FRESH_MACHINE_INNER:-}" ]; then
  FRESH_MACHINE_INNER=1 exec unshare --mount --pid --fork --kill-child --propagation private \
    "$0" "$command" "$@"
fi

scratch=$(mktemp -d "${TMPDIR:-/tmp}/fresh-machine.XXXXXX")
root=$scratch/root
remove() {
  umount -R "$root/proc" "$root/dev" 2>/dev/null || true
  rm -rf --one-file-system "$scratch"
}
trap remove EXIT

# The files of this machine's apt that name Debian 12.
debian_sources() {
  local file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] && grep -qE '^(Suites:|deb ).*\bbookworm\b' "$file" && echo "$file"
  done
  return 0
}

bootstrap() {
  local options=() proxy sources
  mapfile -t sources < <(debian_sources)
  [ ${#sources[@]} -gt 0 ] || { echo "apt knows no archive of Debian 12 (bookworm) here" >&2; exit 2; }
  for kind in http https; do
    proxy=$(apt-config shell value "Acquire::$kind::Proxy" | sed "s/^value='\(.*\)'$/\1/")
    [ -z "$proxy" ] || options+=(--aptopt="Acquire::$kind::Proxy \"$proxy\"")
  done
  mmdebstrap --quiet --variant=minbase --include=git "${options[@]}" bookworm "$root" "${sources[@]}"
}

# Name resolution, extra certificates and npm's settings, as far as this machine has any.
take_over_network() {
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  local file
  for file in /usr/local/share/ca-certificates/*.crt "$HOME/.npmrc"; do
    [ -f "$file" ] || continue
    case $file in
      *.crt) install -D -m 644 -t "$root/usr/local/share/ca-certificates" "$file" ;;
      *) install -m 600 "$file" "$root/srv/.npmrc" ;;
    esac
  done
}

started=$SECONDS
say() { echo "fresh-machine: $* ($((SECONDS - started)) s)"; }
bootstrap
take_over_network
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
git clone --quiet --no-hardlinks "$repository" "$root/srv/streamd"
say "a bare $(cat "$root/etc/debian_version") of $(du -sm --exclude=dev --exclude=proc "$root" | cut -f1) MB with $(chroot "$root" git --version)"
say "running ${inside[*]}"
result=0
env -i HOME=/srv PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 ${CI:+CI="$CI"} \
  ${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS="$NODE_EXTRA_CA_CERTS"} \
  chroot "$root" "/srv/streamd/${inside[0]}" "${inside[@]:1}" || result=$?
say "${inside[0]} ended with exit code $result"
exit $result
