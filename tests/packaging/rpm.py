"""The rpm packages: rpmlint has nothing against them; installed into a root, upgraded with a changed configuration, erased.

The root is a Debian one, whose libraries rpm does not know (--nodeps): what this proves is files and scriptlets, not dependencies.
"""
import glob
import os
import re
import subprocess

from harness import case
from machine import SOURCE, Machine, commit, needs

LIBRARIES = os.path.join(SOURCE, "packaging", "container", "Dockerfile")


def rpms(revision):
    """The built packages without those for debuggers: those in STREAMD_RPMS, else built here (minutes, once for each commit and revision)."""
    folder = os.environ.get("STREAMD_RPMS") or os.path.join(os.environ["STREAMD_TEST_CACHE"], "packages", commit())
    pattern = os.path.join(folder, f"streamd*-[0-9]*-{revision}.*.rpm")
    if not glob.glob(pattern):
        command = [os.path.join(SOURCE, "packaging", "build-rpm.sh"), "--revision", str(revision), "--output", folder]
        subprocess.run(command, check=True)
    return sorted(glob.glob(pattern))


def rpm(machine, *words):
    done = subprocess.run(["rpm", "--root", machine.root, "--dbpath", "/var/lib/rpm", *words],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0 and "scriptlet failed" not in done.stdout, f"rpm {' '.join(words)}\n{done.stdout}"
    return done.stdout


def test_rpmlint(folder):
    needs("rpmlint")
    settings = os.path.join(SOURCE, "packaging", "rpm", "rpmlint.toml")
    done = subprocess.run(["rpmlint", "-c", settings, *rpms(1)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert " 0 errors, 0 warnings" in done.stdout, done.stdout


def test_a_package_lives_and_goes(folder):
    needs("mmdebstrap", "rpm")
    first, second = rpms(1), rpms(2)
    assert len(first) == 4, first
    machine = Machine(folder, "root")
    with open(LIBRARIES, encoding="utf-8") as dockerfile:
        libraries = re.search(r"no-install-recommends (ca-certificates .*?) \\\n &&", dockerfile.read(), re.DOTALL).group(1).replace("\\\n", " ")
    machine.run(f"apt-get update -q; apt-get install -y -q --no-install-recommends {libraries}")
    rpm(machine, "-i", "--nodeps", *first)
    assert machine.run("getent passwd streamd").split(":")[5:] == ["/var/lib/streamd", "/sbin/nologin\n"]
    listed = machine.run("streamctl drivers list")
    for name in ("file", "s3", "spaces", "r2", "b2"):
        assert f"\n{name} " in listed and "refused" not in listed, listed
    assert "streamd" in machine.run("streamctl --version; streamd --version; streamd-driver-check --help")
    machine.run("echo '# mine' >> /etc/streamd/streamd.toml")
    rpm(machine, "-U", "--nodeps", *second)
    assert rpm(machine, "-q", "streamd").split("-")[2].startswith("2")
    assert machine.run("tail -n 1 /etc/streamd/streamd.toml") == "# mine\n"
    machine.run("mkdir /srv/app; sqlite3 /srv/app/app.db 'PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(7)'")
    machine.run("streamd --once /srv/app/app.db file:///srv/backup; rm /srv/app/app.db*; streamctl restore file:///srv/backup -o /srv/app/app.db")
    rpm(machine, "-e", "--nodeps", "streamd", "streamd-driver-s3", "streamd-driver-b2", "streamd-devel")
    assert machine.run("tail -n 1 /etc/streamd/streamd.toml.rpmsave") == "# mine\n"
    assert machine.run("ls -d /usr/lib64/streamd /usr/sbin/streamd /usr/include/streamd /etc/streamd/streamd.toml 2>/dev/null || true") == ""
    assert machine.run("sqlite3 /srv/app/app.db 'SELECT x FROM t'; ls /srv/backup | head -n 1").startswith("7\n")


if __name__ == "__main__":
    case.run(globals())
