"""What a disk holds after a power cut, by what the interposer has recorded (interposer/record.h).

The model is as strict as POSIX allows: content is there once its file was synced, a name once its folder was; a name
whose folder was not synced is not there, and a removed one is there again. A loose cut adds of what was not synced
what chance picks: some sectors of some writes, and names up to some moment (file systems keep these in order).
"""
import dataclasses
import fcntl
import os
import random
import struct

HEADER = struct.Struct("<cQQII")
SECTORS = (512, 4096)


@dataclasses.dataclass
class Record:
    what: str
    inode: int
    number: int
    path: str
    data: bytes


def write_record(path, what, inode=0, name="", data=""):
    """What the test itself has to say, between two records of the interposer."""
    name, data = os.fsencode(name), data.encode()
    with open(path, "ab", buffering=0) as output:
        fcntl.flock(output, fcntl.LOCK_EX)
        output.write(HEADER.pack(what.encode(), inode, 0, len(name), len(data)) + name + data)


def read_records(path):
    with open(path, "rb") as content:
        raw = content.read()
    at, records = 0, []
    while at + HEADER.size <= len(raw):
        what, inode, number, path_size, data_size = HEADER.unpack_from(raw, at)
        at += HEADER.size
        name, data = raw[at:at + path_size], raw[at + path_size:at + path_size + data_size]
        at += path_size + data_size
        records.append(Record(what.decode(), inode, number, os.fsdecode(name), data))
    return records


class File:
    def __init__(self, inode):
        self.inode, self.synced, self.pending = inode, b"", []

    def content(self, keep):
        """`keep(write)` yields the pieces (offset, bytes) of a write that reached the disk; None for a cut that did not."""
        data = bytearray(self.synced)
        for change in self.pending:
            kept = keep(change)
            if isinstance(change, int):
                if kept:
                    resize(data, change)
                continue
            for offset, piece in kept:
                resize(data, max(len(data), offset + len(piece)))
                data[offset:offset + len(piece)] = piece
        return bytes(data)

    def sync(self):
        self.synced, self.pending = self.content(keep_all), []


class Folder:
    """Changes of names are kept with their moment: (moment, name, what it names or None)."""

    def __init__(self, inode):
        self.inode, self.changes, self.synced = inode, [], 0

    def sync(self):
        self.synced = len(self.changes)

    def names(self, until):
        """What is named when all changes before `until` have reached the disk, and those that were synced."""
        names = {}
        for number, (moment, name, node) in enumerate(self.changes):
            if number >= self.synced and moment >= until:
                break
            if node is None:
                names.pop(name, None)
            else:
                names[name] = node
        return names


def resize(data, size):
    if len(data) > size:
        del data[size:]
    else:
        data.extend(bytes(size - len(data)))


def keep_all(change):
    return True if isinstance(change, int) else [change]


def keep_nothing(change):
    return False if isinstance(change, int) else []


def keep_some(draw):
    """Of each write some sectors, of each cut perhaps the whole."""
    chance, sector = draw.choice((0.0, 0.5, 0.9, 1.0)), draw.choice(SECTORS)

    def keep(change):
        if isinstance(change, int):
            return draw.random() < chance
        offset, data = change
        edges = sorted({0, len(data), *range(-offset % sector, len(data), sector)})
        return [(offset + begin, data[begin:end]) for begin, end in zip(edges, edges[1:]) if draw.random() < chance]
    return keep


class Disk:
    """Replays records one by one; the first ones tell which folders were there already, the root before all."""

    def __init__(self, root):
        self.root = root
        self.nodes = {}
        self.moment = 0
        self.top = Folder(0)

    def given(self, record):
        if record.path == self.root:
            self.nodes[record.inode] = self.top
            return
        self.nodes[record.inode] = Folder(record.inode)
        self.change(record.path, self.nodes[record.inode])
        self.find(os.path.dirname(record.path)).sync()

    def find(self, path):
        node = self.top
        for name in [part for part in os.path.relpath(path, self.root).split("/") if part != "."]:
            node = node.names(self.moment + 1)[name]
        return node

    def change(self, path, node):
        folder, name = os.path.split(path)
        self.find(folder).changes.append((self.moment, name, node))

    def apply(self, record):
        self.moment += 1
        if record.what == "G":
            self.given(record)
        elif record.what in "CM":
            node = File(record.inode) if record.what == "C" else Folder(record.inode)
            self.nodes[record.inode] = node
            self.change(record.path, node)
        elif record.what in "RL":
            node, target = self.find(record.path), os.fsdecode(record.data)
            if record.what == "R":
                self.change(record.path, None)
            self.change(target, node)
        elif record.what == "U":
            self.change(record.path, None)
        elif record.what in "WT" and record.inode in self.nodes:
            written = record.what == "W"
            self.nodes[record.inode].pending.append((record.number, record.data) if written else record.number)
        elif record.what == "S" and record.inode in self.nodes:
            self.nodes[record.inode].sync()

    def cut(self, kind, seed):
        """path below the root -> (inode, content, or None for a folder): what is there after a cut of that kind."""
        draw = random.Random(f"{seed} {self.moment}")
        until = {"kept": self.moment + 1, "strict": 0, "loose": draw.randint(0, self.moment + 1)}[kind]
        found = {}

        def visit(folder, where):
            for name, node in sorted(folder.names(until).items()):
                path = os.path.join(where, name)
                if isinstance(node, Folder):
                    found[path] = (node.inode, None)
                    visit(node, path)
                else:
                    keep = {"kept": keep_all, "strict": keep_nothing}.get(kind) or keep_some(draw)
                    found[path] = (node.inode, node.content(keep))
        visit(self.top, "")
        return found


def write_out(found, root, inodes):
    """Makes the files below `root`, and the table that lets them keep their old numbers (interposer/inodes.h)."""
    lines = []
    for path, (inode, content) in found.items():
        if path.endswith("-shm"):  # mapped, so its content is not recorded; SQLite begins a new one in any case
            continue
        whole = os.path.join(root, path)
        if content is None:
            os.makedirs(whole, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "wb") as output:
                output.write(content)
        lines.append(f"{os.stat(whole).st_ino} {inode}\n")
    with open(inodes, "w", encoding="ascii") as table:
        table.writelines(lines)
