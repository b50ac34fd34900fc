"""Which of SQLite's locks another process holds on a database, as the kernel shows them."""
import os

IN_USE, SLOT_0 = 128, 123  # bytes of -shm: somebody uses the index; read slots 0 to 4
SLOTS = range(SLOT_0, SLOT_0 + 5)
SHARED = (0x40000002, 0x40000002 + 509)  # of the database


def held(pid, path):
    """The byte ranges of `path` that the process has locked, first and last. fdinfo tells the locks on one file in one
    piece; /proc/locks, the list of all, loses and repeats entries while others lock and unlock."""
    try:
        descriptors = os.listdir(f"/proc/{pid}/fd")
    except FileNotFoundError:  # the process is gone
        return set()
    for descriptor in descriptors:
        try:
            if not os.path.samefile(f"/proc/{pid}/fd/{descriptor}", path):
                continue
            with open(f"/proc/{pid}/fdinfo/{descriptor}", encoding="ascii") as about:
                return set(posix_ranges(about))
        except FileNotFoundError:  # closed since, or no file with a name
            continue
    return set()


def posix_ranges(lines):
    for words in map(str.split, lines):
        if words[:1] == ["lock:"] and words[2] == "POSIX":
            first, last = words[-2:]
            yield int(first), int(last) if last != "EOF" else None


def index_bytes(pid, database):
    return {byte for first, last in held(pid, database + "-shm") for byte in range(first, last + 1)}


def handed_over(pid, database):
    """Nothing of the log is held: slot 0 alone."""
    return index_bytes(pid, database) == {SLOT_0, IN_USE}


def protected(pid, database):
    """The log cannot be restarted behind the process's back."""
    bytes_ = index_bytes(pid, database)
    return IN_USE in bytes_ and any(slot in bytes_ for slot in SLOTS) and SHARED in held(pid, database)
