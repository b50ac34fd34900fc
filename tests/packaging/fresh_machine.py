"""The packages on machines that have never seen them: installed, used, upgraded, removed; the machine burns, the database comes back."""
import os
import shutil
import subprocess

from harness import case
from machine import SOURCE, Machine, needs, packages

CONFIGURATION = """
[[database]]
path = "/srv/app/app.db"
[[database.replica]]
driver = "file"
path = "/backup/app"
"""
APPLICATION = """
useradd --system --user-group app
install -d -o app -g app -m 2770 /srv/app
usermod -aG app streamd
install -d -o streamd -g streamd -m 750 /backup
runuser -u app -- sqlite3 /srv/app/app.db 'PRAGMA journal_mode=WAL; CREATE TABLE t(x)' >/dev/null
chmod 660 /srv/app/app.db
"""
# The daemon as its service runs it, for as long as the application's commands take.
WHILE_IT_RUNS = """
setpriv --reuid streamd --regid streamd --init-groups streamd --control /tmp/control.sock 2>/tmp/streamd.log & daemon=$!
for i in $(seq 100); do streamctl --control /tmp/control.sock status 2>/dev/null | grep -q ' live ' && break; sleep 0.1; done
%s
streamctl --control /tmp/control.sock sync /srv/app/app.db --wait
kill $daemon; wait $daemon || { cat /tmp/streamd.log; exit 1; }
"""
INSERTS = "for i in 1 2 3 4 5; do runuser -u app -- sqlite3 /srv/app/app.db 'INSERT INTO t VALUES(randomblob(2000))'; done"


def with_application(folder, name, debs):
    machine = Machine(folder, name)
    machine.install(debs)
    machine.run(APPLICATION)
    with open(machine.path("/etc/streamd/streamd.toml"), "a", encoding="utf-8") as configuration:
        configuration.write(CONFIGURATION)
    return machine


def dump(machine):
    return machine.run("sqlite3 /srv/app/app.db 'PRAGMA integrity_check; SELECT hex(x) FROM t'")


def test_the_machine_burns(folder):
    needs("mmdebstrap")
    debs = packages()
    first = with_application(folder, "first", [debs["streamd"]])
    first.run(WHILE_IT_RUNS % INSERTS)
    expected = dump(first)
    assert expected.startswith("ok\n") and len(expected.splitlines()) == 6, expected
    backup = os.path.join(folder, "backup")
    shutil.move(first.path("/backup"), backup)
    shutil.rmtree(first.root)
    second = Machine(folder, "second")
    second.install([debs["streamd"]])
    shutil.move(backup, second.path("/backup"))
    second.run("mkdir /srv/app; streamctl restore file:///backup/app -o /srv/app/app.db")
    assert dump(second) == expected


def test_a_package_lives_and_goes(folder):
    needs("mmdebstrap")
    old, new = packages(), packages(revision=2)
    machine = with_application(folder, "root", [old["streamd"]])
    machine.run(WHILE_IT_RUNS % INSERTS)
    assert machine.run("dpkg -V streamd").split() == ["??5??????", "c", "/etc/streamd/streamd.toml"]
    for debs, version in ((new, "+2"), (old, ""), (new, "+2")):  # up, down and up again
        machine.install([debs["streamd"]])
        assert version in machine.run("dpkg-query -W -f '${Version}' streamd")
        assert CONFIGURATION.strip() in machine.run("cat /etc/streamd/streamd.toml")
        machine.run(WHILE_IT_RUNS % INSERTS)
    before = dump(machine)
    machine.run("apt-get remove -y -q streamd")
    assert CONFIGURATION.strip() in machine.run("cat /etc/streamd/streamd.toml")
    machine.run("apt-get purge -y -q streamd")
    assert machine.run("ls -d /etc/streamd /usr/lib/streamd /usr/sbin/streamd 2>/dev/null || true") == ""
    assert dump(machine) == before
    machine.install([new["streamd"]])
    machine.run("streamctl restore file:///backup/app -o /tmp/again.db")
    assert machine.run("sqlite3 /tmp/again.db 'PRAGMA integrity_check; SELECT hex(x) FROM t'") == before


def test_drivers_of_packages_and_of_a_stranger(folder):
    needs("mmdebstrap", "cc")
    debs = packages()
    machine = Machine(folder, "root")
    machine.install([debs[name] for name in ("streamd", "streamd-driver-s3", "streamd-driver-b2", "streamd-dev")])
    strangers = machine.path("/usr/lib/streamd/drivers/libstreamd-folder.so")
    subprocess.run(["cc", "-std=c11", "-O2", "-shared", "-fPIC", "-I", machine.path("/usr/include"),
                    os.path.join(SOURCE, "tests", "sdk", "folder", "folder.c"), "-o", strangers], check=True)
    listed = machine.run("streamctl drivers list")
    for name in ("file", "s3", "spaces", "r2", "b2", "folder"):
        assert f"\n{name} " in listed, listed
    assert "refused" not in listed, listed
    machine.run("mkdir /tmp/store; echo 'path = \"/tmp/store\"' > /tmp/o.toml; streamctl drivers check folder /tmp/o.toml --only basic")
    assert machine.run("dpkg -V streamd streamd-driver-s3 streamd-driver-b2 streamd-dev") == ""


def test_the_service(folder):
    needs("mmdebstrap", "systemd-nspawn")
    machine = Machine(folder, "root")
    machine.install([packages()["streamd"]])
    script = os.path.join(SOURCE, "tests", "packaging", "guest", "service.sh")
    code, log = machine.boot(folder, script)
    print(log)
    assert code == 0 and log.endswith("all of it holds\n"), code


if __name__ == "__main__":
    case.run(globals())
