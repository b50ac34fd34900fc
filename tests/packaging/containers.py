"""podman in namespaces of its own: no registry, nothing of this machine's network, no process or mount that outlives the test."""
import json
import os
import shutil
import subprocess

from harness import processes
from harness.waiting import wait_until
from machine import SOURCE, needs, tarball

BASE = "docker.io/library/debian:bookworm-slim"  # a minimal root of ours stands in for the one of the registry
# A container runtime knows version 2 of control groups alone; the limits are for machines that may not raise theirs.
SETUP = """
umount -R /sys/fs/cgroup 2>/dev/null; mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /run
ip link set lo up
touch "$1"
exec sleep infinity
"""
SETTINGS = """
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=16384:16384"]
cgroups = "disabled"
[network]
network_backend = "netavark"
network_config_dir = "%(folder)s/networks"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
STORAGE = '[storage]\ndriver = "overlay"\ngraphroot = "%(folder)s/images"\nrunroot = "/run/containers/storage"\n'


class Engine:
    """podman and podman-compose below `folder`, with the image `streamd` built from its Dockerfile."""

    def __init__(self, folder):
        needs("podman", "podman-compose", "mmdebstrap", "nsenter", "ip")
        self.folder = folder
        self.environment = {**os.environ}
        for name, text in (("CONTAINERS_CONF", SETTINGS), ("CONTAINERS_STORAGE_CONF", STORAGE)):
            self.environment[name] = os.path.join(folder, name)
            with open(self.environment[name], "w", encoding="utf-8") as settings:
                settings.write(text % {"folder": folder})
        ready = os.path.join(folder, "ready")
        self.holder = processes.Child(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private",
                                       "sh", "-c", SETUP, "sh", ready], os.path.join(folder, "holder.log"))
        wait_until(lambda: os.path.exists(ready), "namespaces of the test's own", progress=self.holder.running)
        with open(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children", encoding="ascii") as children:
            self.inner = children.read().strip()

    def run(self, *command, network=True, ok=(0,)):
        """Runs a command inside; returns what it printed, both streams. network=False: with this machine's network instead."""
        done = subprocess.run(["nsenter", "-t", self.inner, "-m", "-p", *(["-n"] if network else []), *command], env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=7000)
        assert done.returncode in ok, f"exit code {done.returncode} of: {' '.join(command)}\n{done.stdout}"
        return done.stdout

    def images(self):
        """The base, and streamd on top of it: the archive in STREAMD_IMAGE (podman save), else built here (as long as a whole build)."""
        self.run("podman", "import", tarball(), BASE)
        if os.environ.get("STREAMD_IMAGE"):
            self.run("podman", "load", "-i", os.environ["STREAMD_IMAGE"])
        else:
            self.run("podman", "build", "--pull=never", "--isolation=chroot", "--network=host", "--format=docker",
                     "-f", os.path.join(SOURCE, "packaging", "container", "Dockerfile"), "-t", "streamd", SOURCE, network=False)

    def inspect(self, container, field):
        return json.loads(self.run("podman", "inspect", "--format", f"{{{{json {field}}}}}", container))


class Project:
    """A copy of the compose files, started and stopped as `name`."""

    def __init__(self, engine, name, *files):
        self.engine, self.name = engine, name
        self.folder = os.path.join(engine.folder, name, "packaging", "container")
        shutil.copytree(os.path.join(SOURCE, "packaging", "container"), self.folder)
        self.files = [word for file in files for word in ("-f", os.path.join(self.folder, file))]

    def compose(self, *words):
        return self.engine.run("podman-compose", "-p", self.name, *self.files, *words)

    def container(self, service):
        return f"{self.name}_{service}_1"

    def inside(self, *command, service="streamd", ok=(0,)):
        """Runs a command in the container of a service that runs."""
        return self.engine.run("podman", "exec", self.container(service), *command, ok=ok)

    def sqlite(self, statements):
        """What an application does to the database: in a container of its own, as the user of the image, on the volume."""
        return self.engine.run("podman", "run", "--rm", "--network=none", "--user=10001:10001", "-v", f"{self.name}_data:/data", BASE,
                               "sqlite3", "-cmd", ".timeout 5000", "/data/app.db", statements)

    def healthy(self):
        return self.engine.run("podman", "healthcheck", "run", self.container("streamd"), ok=(0, 1)) == ""
