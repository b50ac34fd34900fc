"""Debian's own judges of packages: lintian and piuparts have nothing to say against them."""
import gzip
import os
import shutil
import subprocess

from harness import case
from machine import needs, packages, tarball


def judge(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, f"exit code {done.returncode} of: {' '.join(command)}\n{done.stdout[-20000:]}"


def test_lintian(folder):
    needs("lintian")
    judge("lintian", "--allow-root", "--fail-on=error,warning", "--tag-display-limit=0", *packages().values())


def archive(folder, debs):
    """A folder that apt can install from: the drivers depend on what another package of ours provides."""
    os.mkdir(folder)
    for path in debs:
        shutil.copy(path, folder)
    with open(os.path.join(folder, "Packages"), "wb") as index:
        subprocess.run(["dpkg-scanpackages", "."], cwd=folder, stdout=index, stderr=subprocess.DEVNULL, check=True)
    return folder


def test_piuparts(folder):
    """Installs, removes and purges each package, and looks at what is left behind."""
    needs("piuparts", "mmdebstrap", "dpkg-scanpackages")
    base = os.path.join(folder, "base.tar.gz")
    with open(tarball(), "rb") as plain, gzip.open(base, "wb", compresslevel=1) as packed:
        shutil.copyfileobj(plain, packed)
    debs = packages()
    wanted = [debs[name] for name in ("streamd", "streamd-driver-s3", "streamd-driver-b2", "streamd-dev")]
    ours = archive(os.path.join(folder, "archive"), wanted)
    judge("piuparts", "--basetgz", base, "--distribution", "bookworm", "--tmpdir", folder, "--warn-on-others", "--no-upgrade-test",
          "--bindmount", ours, "--extra-repo", f"deb [trusted=yes] file:{ours} ./", *wanted)


if __name__ == "__main__":
    case.run(globals())
