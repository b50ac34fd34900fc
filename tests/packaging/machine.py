"""Machines that have never seen us: minimal Debian roots, with the built packages installed, run in a chroot or booted."""
import glob
import os
import re
import shutil
import subprocess

from harness import case

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
INCLUDED = "systemd-sysv,dbus,ca-certificates,sqlite3,acl"  # what a bare server has, and the application's sqlite3


def needs(*programs):
    """Skips where a root cannot be made."""
    if os.geteuid() != 0:
        case.skip("making a machine needs root")
    for program in programs:
        if shutil.which(program) is None:
            case.skip(f"{program} is not installed (packaging/dependencies.sh install package)")


def commit():
    done = subprocess.run(["git", "-C", SOURCE, "rev-parse", "HEAD"], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def packages(revision=None):
    """{name: path} of the built .debs: those in STREAMD_PACKAGES, else built here (minutes, once for each commit and revision)."""
    folder = os.environ.get("STREAMD_PACKAGES") or os.path.join(os.environ["STREAMD_TEST_CACHE"], "packages", commit())
    mark = f"+{revision}_" if revision else "_"
    pattern = re.compile(r"^([a-z0-9-]+)_[0-9.]+" + re.escape(mark))
    if not glob.glob(os.path.join(folder, f"streamd_*[0-9]{mark}*.deb")):
        command = [os.path.join(SOURCE, "packaging", "build-deb.sh"), "--output", folder]
        subprocess.run(command + (["--revision", str(revision)] if revision else []), check=True)
    found = {}
    for path in glob.glob(os.path.join(folder, "*.deb")):
        match = pattern.match(os.path.basename(path))
        if match:
            found[match.group(1)] = path
    return found


def sources():
    """The files of this machine's apt that name Debian 12."""
    files = ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*.list") + glob.glob("/etc/apt/sources.list.d/*.sources"))]
    found = []
    for path in files:
        if os.path.exists(path):
            with open(path, encoding="utf-8") as content:
                if re.search(r"^(Suites:|deb ).*\bbookworm\b", content.read(), re.MULTILINE):
                    found.append(path)
    return found or case.skip("apt knows no archive of Debian 12 here")


def tarball():
    """A minimal root as an archive, made once."""
    path = os.path.join(os.environ["STREAMD_TEST_CACHE"], "bookworm.tar")
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={INCLUDED}", "bookworm", path + ".new.tar", *sources()],
                       check=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
        os.rename(path + ".new.tar", path)
    return path


class Machine:
    """A root below `folder`. It goes away with the folder: nothing stays mounted between two calls."""

    def __init__(self, folder, name):
        self.root = os.path.join(folder, name)
        os.mkdir(self.root)
        subprocess.run(["tar", "-C", self.root, "-xf", tarball()], check=True)
        for name_of in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{name_of}", self.path(f"/etc/{name_of}"))

    def path(self, inside):
        return self.root + inside

    def run(self, script, user=None, ok=(0,)):
        """Runs shell text inside, with /proc and a process space of its own; returns what it printed, both streams."""
        inside = ["runuser", "-u", user, "--", "bash", "-euc", script] if user else ["bash", "-euc", script]
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={self.path('/proc')}", "chroot", self.root, *inside]
        done = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=600)
        assert done.returncode in ok, f"exit code {done.returncode} of: {script}\n{done.stdout}"
        return done.stdout

    def install(self, paths):
        """With apt and all that they depend on; configuration files that were changed are kept."""
        for path in paths:
            shutil.copy(path, self.path("/var/tmp/"))
        names = " ".join("/var/tmp/" + os.path.basename(path) for path in paths)
        return self.run("apt-get update -q; apt-get install -y -q --no-install-recommends --allow-downgrades "
                        f"-o Dpkg::Options::=--force-confold {names}")

    def boot(self, folder, script):
        """Boots it, runs the script as a unit behind multi-user.target, and returns (exit code, what it printed)."""
        needs("systemd-nspawn")
        shared = os.path.join(folder, "shared")
        os.makedirs(shared)
        shutil.copy(script, os.path.join(shared, "script.sh"))
        units = {"test.target": "[Unit]\nRequires=multi-user.target\nAfter=multi-user.target\nWants=test.service\n",
                 "test.service": "[Unit]\nAfter=multi-user.target\nSuccessAction=exit\nFailureAction=exit\n[Service]\nType=oneshot\n"
                                 "ExecStart=/bin/bash /t/script.sh\nStandardOutput=truncate:/t/log\nStandardError=inherit\n"}
        binds = [f"--bind={shared}:/t"]
        for name, text in units.items():
            with open(os.path.join(shared, name), "w", encoding="utf-8") as unit:
                unit.write(text)
            binds.append(f"--bind-ro={shared}/{name}:/etc/systemd/system/{name}")
        command = ["systemd-nspawn", "-q", "-D", self.root, "-M", f"streamd-{os.getpid()}", "--register=no", "--keep-unit", "--boot",
                   "--console=pipe", "--private-network", "--system-call-filter=bpf", "--volatile=overlay", *binds, "--", "--unit=test.target"]
        done = subprocess.run(command, env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=600)
        log = os.path.join(shared, "log")
        if not os.path.exists(log):
            return done.returncode, done.stdout
        with open(log, encoding="utf-8") as output:
            return done.returncode, output.read()
