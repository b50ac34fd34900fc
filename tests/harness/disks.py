"""Small disks (tmpfs) that a test can fill up, and disks that hang. Needs root.

They live in a mount namespace of the test's own, so that nothing stays mounted whatever happens to the test.
"""
import contextlib
import ctypes
import fcntl
import os
import subprocess
import sys

from harness import case

CLONE_NEWNS = 0x00020000
FIFREEZE = 0xC0045877  # of linux/fs.h
# Holds the disk and thaws it when its input ends: when it is told to, or when the test has died. Who writes to a frozen
# disk cannot even be killed.
_THAWER = """
import fcntl, os, sys
disk = os.open(sys.argv[1], os.O_RDONLY)
print("ready", flush=True)
sys.stdin.read()
fcntl.ioctl(disk, 0xC0045878, 0)  # FITHAW
"""
_private = []


def _enter_own_mounts():
    if _private:
        return
    if os.geteuid() != 0:
        case.skip("needs root to mount a small disk")
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0 or not _mount("--make-rprivate", "/"):
        case.skip("this machine lets no test mount a file system")
    _private.append(True)


def _mount(*words):
    return subprocess.run(["mount", *words], capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def small_disk(path, size):
    """A disk of `size` bytes at `path`, a folder that is made. What still has files open there keeps it alive."""
    _enter_own_mounts()
    os.makedirs(path)
    if not _mount("-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", path):
        case.skip("this machine lets no test mount a file system")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


class Disk:
    """A disk that can hang: whoever writes to it waits, in the kernel, until it is thawed."""

    def __init__(self, path):
        self.path = path
        self._thawer = None

    def freeze(self):
        self._thawer = subprocess.Popen([sys.executable, "-c", _THAWER, self.path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, start_new_session=True)
        assert self._thawer.stdout.readline() == b"ready\n"
        folder = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, FIFREEZE, 0)
        finally:
            os.close(folder)

    def thaw(self):
        if self._thawer:
            self._thawer.communicate()
            assert self._thawer.returncode == 0
        self._thawer = None


@contextlib.contextmanager
def hanging_disk(path, size):
    """A Disk of `size` bytes (ext4 in a file beside it) at `path`, a folder that is made; thawed at the end."""
    _enter_own_mounts()
    os.makedirs(path)
    image = path + ".img"
    with open(image, "wb") as output:
        output.truncate(size)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    if not _mount("-o", "loop", image, path):
        case.skip("this machine lets no test mount a file by a loop device")
    disk = Disk(path)
    try:
        yield disk
    finally:
        disk.thaw()
        subprocess.run(["umount", "-l", path], check=True)


def free_bytes(path):
    info = os.statvfs(path)
    return info.f_bavail * info.f_frsize


class Filler:
    """Takes the room of a disk away until it is told to let go."""

    def __init__(self, folder, leave=0):
        self.path = os.path.join(folder, "filler")
        self.fill(leave)

    def fill(self, leave=0):
        with open(self.path, "ab", buffering=0) as output:
            with contextlib.suppress(OSError):  # full
                while (room := free_bytes(self.path) - leave) > 0:
                    output.write(bytes(min(room, 1 << 20)))

    def let_go(self):
        os.unlink(self.path)
