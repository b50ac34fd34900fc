#!/bin/bash
# Runs inside a booted machine that has the packages installed: the life of streamd.service as an administrator sees it.
# Prints a line for each thing that holds; the first that does not ends it with exit code 1.
set -euo pipefail

say() { echo "holds: $*"; }
fail() { echo "FAILED: $*"; systemctl status --no-pager streamd || true; journalctl --no-pager -n 40 -u streamd || true; exit 1; }
# within SECONDS COMMAND...: until the command succeeds.
within() {
  local until=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $until ] || fail "not in time: $*"; sleep 0.2; done
}
property() { systemctl show -P "$1" "${2:-streamd}"; }
is() { [ "$(property "$1" "${3:-streamd}")" = "$2" ]; }
state_of() { streamctl status --json "$1" | tr -d ' \n' | grep -q "\"state\":\"$2\""; }
commit() { runuser -u "$1" -- sqlite3 -cmd '.timeout 5000' "$2" "$3" >/dev/null; }
rows() { sqlite3 "$1" 'SELECT count(*) FROM t'; }

database() {  # database USER FILE: an application's own, in WAL mode
  commit "$1" "$2" 'PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(1)'
}
configure() {  # configure FILE [STREAMD-LINES]: one database, replicated to /srv/backup
  mkdir -p /srv/backup && chown streamd: /srv/backup
  printf '[streamd]\n%s\n[[database]]\npath = "%s"\n[[database.replica]]\ndriver = "file"\npath = "/srv/backup%s"\n%s\n' \
    "${2:-}" "$1" "$1" "${3:-}" > /etc/streamd/streamd.toml
}

without_databases() {
  is UnitFileState disabled && is ActiveState inactive || fail "an installed unit is neither enabled nor started"
  systemctl start streamd && fail "started without a database"
  within 10 is ActiveState failed
  is ExecMainStatus 40 || fail "without databases the exit code is 40"
  sleep 7
  is NRestarts 0 || fail "it is restarted in a loop"
  journalctl -u streamd --no-pager | grep -q '/etc/streamd/streamd.toml: no database is configured' || fail "the journal says why"
  say "without a database it fails once, says why, and is not restarted"
}

the_applications_group() {
  useradd --system --user-group app
  install -d -o app -g app -m 2770 /srv/app
  database app /srv/app/app.db
  chmod 660 /srv/app/app.db
  configure /srv/app/app.db
  systemctl start streamd && fail "started without any right on the database"
  journalctl -u streamd --no-pager -n 20 | grep -q 'Permission denied' || fail "the journal says why"
  usermod -aG app streamd
  systemctl restart streamd
  within 20 state_of /srv/app/app.db live
  commit app /srv/app/app.db 'INSERT INTO t VALUES(2)'
  streamctl sync /srv/app/app.db --wait >/dev/null
  say "a member of the application's group follows its database ($(property StatusText))"
}

an_access_list() {
  useradd --system --user-group other
  install -d -o other -g other -m 700 /srv/other
  setfacl -m u:streamd:rwx,d:u:streamd:rw,d:u:other:rw /srv/other
  database other /srv/other/other.db
  setfacl -m u:streamd:rw /srv/other/other.db  # a file gets no more from the folder's list than its mode, 0644, says
  configure /srv/other/other.db
  systemctl restart streamd
  within 20 state_of /srv/other/other.db live
  for file in /srv/other/other.db-wal /srv/other/other.db-shm; do
    runuser -u other -- test -w "$file" || fail "$file is not the application's"
  done
  commit other /srv/other/other.db 'INSERT INTO t VALUES(2)'
  streamctl sync /srv/other/other.db --wait >/dev/null
  say "an access list does, too, and the application writes on"
}

a_crash() {
  local before
  before=$(property MainPID)
  kill -KILL "$before"
  within 30 is NRestarts 1
  within 20 state_of /srv/other/other.db live
  [ "$(property MainPID)" != "$before" ] || fail "the same process"
  say "killed, it is started again and follows on"
}

a_frozen_daemon() {
  mkdir -p /run/systemd/system/streamd.service.d
  printf '[Service]\nWatchdogSec=3\n' > /run/systemd/system/streamd.service.d/watchdog.conf
  systemctl daemon-reload && systemctl restart streamd
  within 20 state_of /srv/other/other.db live
  kill -STOP "$(property MainPID)"
  within 60 sh -c "journalctl -u streamd --no-pager | grep -q \"Failed with result 'watchdog'\""
  within 30 state_of /srv/other/other.db live
  rm -r /run/systemd/system/streamd.service.d
  systemctl daemon-reload && systemctl restart streamd
  say "stopped in its tracks, it is killed by the watchdog and started again"
}

a_slow_storage() {  # the end takes longer than the unit's own limit, because the configuration allows it
  mkdir -p /run/systemd/system/streamd.service.d
  printf '[Service]\nTimeoutStopSec=3\n' > /run/systemd/system/streamd.service.d/stop.conf
  configure /srv/other/other.db 'shutdown-timeout = "30s"' 'bandwidth-limit = "32KiB"'
  systemctl daemon-reload
  systemctl restart streamd || true
  within 40 state_of /srv/other/other.db live
  commit other /srv/other/other.db 'INSERT INTO t VALUES(randomblob(250000))'
  local began=$SECONDS
  systemctl stop streamd
  local took=$((SECONDS - began))
  is Result success || fail "a slow end is no failure: $(property Result) after $took s"
  [ $took -ge 4 ] || fail "that was not slow: $took s"
  rm -r /run/systemd/system/streamd.service.d
  systemctl daemon-reload
  say "a stop with a slow storage took $took s, was not killed, and ended well"
}

secrets() {
  install -m 600 /dev/null /etc/streamd/secret
  echo hush > /etc/streamd/secret
  mkdir -p /run/systemd/system/streamd.service.d
  printf '[Service]\nLoadCredential=token:/etc/streamd/secret\n' > /run/systemd/system/streamd.service.d/secret.conf
  systemctl daemon-reload
  configure /srv/other/other.db '' 'name = "credential:token"'
  systemctl restart streamd
  within 20 state_of /srv/other/other.db live
  streamctl status /srv/other/other.db | grep -q hush || fail "the credential did not arrive"
  rm -r /run/systemd/system/streamd.service.d
  systemctl daemon-reload
  say "a credential that only root can read is a value of the configuration"
}

a_drive_that_is_away() {  # the sandbox must not make its folder look like a mount point
  mkdir -p /srv/drive && chown streamd: /srv/drive
  configure /srv/other/other.db
  sed -i 's#^path = "/srv/backup.*#path = "/srv/drive/store"\nmount = "/srv/drive"#' /etc/streamd/streamd.toml
  systemctl restart streamd
  within 20 sh -c 'streamctl status | grep -q "not mounted"'
  [ -z "$(ls -A /srv/drive)" ] || fail "something was written where the drive should be"
  mount -t tmpfs -o mode=0777 none /srv/drive  # plugged in while the service runs
  within 60 streamctl sync /srv/other/other.db --wait
  [ -e /srv/drive/store/.streamd-store ] || fail "the drive has no store"
  systemctl stop streamd
  umount /srv/drive
  say "a drive that is away is noticed from inside the sandbox, and so is its return"
}

as_root() {
  mkdir -p /run/systemd/system/streamd.service.d
  printf '[Service]\nUser=root\nGroup=root\nCapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_CHOWN CAP_FOWNER\nSystemCallFilter=@chown\n' \
    > /run/systemd/system/streamd.service.d/root.conf
  systemctl daemon-reload
  useradd --system --user-group alone
  install -d -o alone -g alone -m 700 /srv/alone
  database alone /srv/alone/alone.db
  chmod 600 /srv/alone/alone.db
  configure /srv/alone/alone.db
  systemctl restart streamd
  within 20 state_of /srv/alone/alone.db live
  [ "$(stat -c %U /srv/alone/alone.db-wal)" = alone ] || fail "the log is not the application's"
  commit alone /srv/alone/alone.db 'INSERT INTO t VALUES(2)'
  streamctl sync /srv/alone/alone.db --wait >/dev/null
  systemctl stop streamd
  rm -r /run/systemd/system/streamd.service.d
  systemctl daemon-reload
  configure /srv/other/other.db
  say "as root it follows anybody's database, and the log stays the owner's"
}

a_unit_of_the_application() {
  systemctl stop streamd
  useradd --system --user-group --create-home --home-dir /srv/web web
  chmod 700 /srv/web
  database web /srv/web/web.db
  mkdir -p /etc/streamd/web
  printf '[[database]]\npath = "/srv/web/web.db"\n[[database.replica]]\ndriver = "file"\npath = "/srv/web/backup"\n' \
    > /etc/streamd/web/streamd.toml
  systemctl start streamd@web
  within 20 sh -c 'streamctl --config /etc/streamd/web/streamd.toml --control /run/streamd-web/control.sock status | grep -q live'
  is User web streamd@web || fail "runs as its user"
  systemctl stop streamd@web
  say "streamd@web runs as web and needs nothing else"
}

the_sandbox() {
  systemctl restart streamd
  within 20 is ActiveState active
  local pid
  pid=$(property MainPID)
  [ "$(awk '/^Uid:/ {print $2}' "/proc/$pid/status")" = "$(id -u streamd)" ] || fail "its user"
  grep -q '^CapBnd:[[:space:]]0*$' "/proc/$pid/status" || fail "capabilities are left"
  grep -q '^NoNewPrivs:[[:space:]]1' "/proc/$pid/status" || fail "new privileges"
  grep -q '^Seccomp:[[:space:]]2' "/proc/$pid/status" || fail "no filter of system calls"
  touch ~root/seen && ls ~root/* >/dev/null || fail "there is nothing to see in a home"
  nsenter -t "$pid" -m sh -c 'touch /etc/x 2>/dev/null || touch /usr/x 2>/dev/null || ls ~root/* 2>/dev/null' && fail "it may write the system"
  systemd-analyze security --no-pager --threshold=15 streamd >/dev/null || fail "$(systemd-analyze security --no-pager streamd | tail -1)"
  systemd-analyze security --no-pager --threshold=15 streamd@web >/dev/null || fail "streamd@: exposure above 1.5"
  say "the sandbox is in effect: $(systemd-analyze security --no-pager streamd | sed -n 's/.*level for //p')"
}

steps=${*:-without_databases the_applications_group an_access_list a_crash a_frozen_daemon secrets a_slow_storage a_drive_that_is_away as_root a_unit_of_the_application the_sandbox}
for step in $steps; do $step; done
echo "all of it holds"
