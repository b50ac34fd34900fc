"""One commit gives one set of packages, bit by bit, whoever builds it and wherever."""
import hashlib
import os
import subprocess

from harness import case
from machine import SOURCE, needs

ANOTHERS = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "CCACHE_DISABLE": "1"}


def build(folder, environment, umask):
    """{name of a package: hash}, built in a clone of its own below `folder`."""
    output = os.path.join(folder, "output")
    subprocess.run(["git", "clone", "--quiet", SOURCE, os.path.join(folder, "source")], check=True)
    subprocess.run([os.path.join(folder, "source", "packaging", "build-deb.sh"), "--output", output],
                   check=True, env={**os.environ, **environment}, umask=umask)
    return hashes(output)


def hashes(folder):
    found = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".deb"):
            with open(os.path.join(folder, name), "rb") as package:
                found[name] = hashlib.sha256(package.read()).hexdigest()
    return found


def test_two_builds_are_the_same(folder):
    needs("dpkg-buildpackage", "git")
    first = build(os.path.join(folder, "here"), {}, 0o022)
    second = build(os.path.join(folder, "a", "longer", "folder"), ANOTHERS, 0o027)
    assert len(first) >= 8, sorted(first)  # four packages and the debug symbols of each
    different = [name for name in first if first[name] != second.get(name)]
    assert not different and len(first) == len(second), f"differ: {different or sorted(second)}"


if __name__ == "__main__":
    case.run(globals())
