"""Which of SQLite's locks another process holds on a database, as the kernel shows them."""
import os

IN_USE, SLOT_0 = 128, 123  # bytes of -shm: somebody uses the index; read slots 0 to 4
SLOTS = range(SLOT_0, SLOT_0 + 5)
SHARED = (0x40000002, 0x40000002 + 509)  # of the database


def held(pid, path):
    """The byte ranges of `path` that the process has locked, first and last."""
    inode = str(os.stat(path).st_ino)
    with open("/proc/locks", encoding="ascii") as listing:
        lines = [line.split() for line in listing]
    ranges = set()
    for _, kind, _, _, owner, file, first, last in (words for words in lines if len(words) == 8):
        if kind == "POSIX" and owner == str(pid) and file.rsplit(":", 1)[1] == inode:
            ranges.add((int(first), int(last) if last != "EOF" else None))
    return ranges


def index_bytes(pid, database):
    return {byte for first, last in held(pid, database + "-shm") for byte in range(first, last + 1)}


def handed_over(pid, database):
    """Nothing of the log is held: slot 0 alone."""
    return index_bytes(pid, database) == {SLOT_0, IN_USE}


def protected(pid, database):
    """The log cannot be restarted behind the process's back."""
    bytes_ = index_bytes(pid, database)
    return IN_USE in bytes_ and any(slot in bytes_ for slot in SLOTS) and SHARED in held(pid, database)
