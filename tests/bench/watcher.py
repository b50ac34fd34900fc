"""Sees every object that appears in a replica's folder, and when (Linux's inotify).

Both programs write under a temporary name and rename: an object is there when its final name is.
"""
import ctypes
import os
import select
import struct
import threading
import time

IN_MOVED_TO, IN_CREATE, IN_Q_OVERFLOW, IN_ISDIR = 0x80, 0x100, 0x4000, 0x40000000
EVENT = struct.Struct("iIII")
_libc = ctypes.CDLL(None, use_errno=True)


def is_temporary(name):
    """Litestream writes NAME.tmp, streamd into the folder .streamd-tmp."""
    return name.endswith(".tmp") or name.startswith(".")


class Watcher:
    """`arrivals`: {path: (monotonic ns, bytes)} of everything that ever appeared below the folders."""

    def __init__(self, *folders):
        self.arrivals = {}
        self.folders = folders
        self._changed = threading.Condition()
        self._watches = {}
        self._fd = _libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        self._end = os.eventfd(0)
        for folder in folders:
            os.makedirs(folder, exist_ok=True)
            self._watch(folder)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _watch(self, folder):
        watch = _libc.inotify_add_watch(self._fd, os.fsencode(folder), IN_MOVED_TO | IN_CREATE)
        if watch < 0:
            if ctypes.get_errno() == 2:  # removed again already
                return
            raise OSError(ctypes.get_errno(), f"inotify_add_watch {folder}")
        self._watches[watch] = folder
        for entry in os.scandir(folder):  # what was there before the watch was
            self._appeared(entry.path, entry.is_dir(), time.monotonic_ns())

    def _appeared(self, path, is_folder, now):
        if is_temporary(os.path.basename(path)):
            return
        if is_folder:
            self._watch(path)
        elif path not in self.arrivals:
            try:
                size = os.stat(path).st_size
            except FileNotFoundError:
                return
            with self._changed:
                self.arrivals[path] = (now, size)
                self._changed.notify_all()

    def _read(self):
        while True:
            readable, _, _ = select.select([self._fd, self._end], [], [])
            now = time.monotonic_ns()
            if self._end in readable:
                return
            data, at = os.read(self._fd, 1 << 20), 0
            while at < len(data):
                watch, mask, _, length = EVENT.unpack_from(data, at)
                name = data[at + EVENT.size:at + EVENT.size + length].rstrip(b"\0").decode()
                at += EVENT.size + length
                if mask & IN_Q_OVERFLOW:
                    raise OSError("more happened in the replica than inotify could tell")
                self._appeared(os.path.join(self._watches[watch], name), bool(mask & IN_ISDIR), now)

    def close(self):
        os.eventfd_write(self._end, 1)
        self._thread.join()
        os.close(self._fd)
        os.close(self._end)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def mark(self):
        """A moment to count from: see `since`."""
        return len(self.arrivals)

    def since(self, mark=0):
        """(objects, bytes) that appeared after `mark`."""
        sizes = [size for _, size in list(self.arrivals.values())[mark:]]
        return len(sizes), sum(sizes)

    def wait_for(self, condition, what, stall=120.0):
        """Waits until condition(arrivals) holds; gives up when nothing has arrived for `stall` seconds."""
        with self._changed:
            while not (result := condition(self.arrivals)):
                if not self._changed.wait(stall):
                    raise AssertionError(f"waited for {what}; nothing has arrived for {stall:g} s")
            return result

    def wait_until_quiet(self, seconds):
        """Returns when nothing has arrived for so long."""
        with self._changed:
            while self._changed.wait(seconds):
                pass
