"""What can fail: the file calls that a run makes, as the interposer traced them, and the faults that follow from them."""
import dataclasses
import os
import random
import re

# What each kind of call can fail with. SHORT is no failure: half is read or written, and the rest must follow.
ERRORS = {
    "open": ("EIO", "EMFILE", "ENOSPC", "EACCES"),
    "read": ("EIO", "SHORT"),
    "write": ("EIO", "ENOSPC", "EDQUOT", "SHORT"),
    "sync": ("EIO", "ENOSPC", "EDQUOT"),
    "truncate": ("EIO", "ENOSPC"),
    "rename": ("EIO", "ENOSPC", "EDQUOT"),
    "remove": ("EIO", "EACCES"),
    "mkdir": ("EIO", "ENOSPC", "EDQUOT"),
    "map": ("ENOMEM",),
    "look": ("EIO", "EACCES"),
    # Calls of SQLite's library. DONE: it is done, and fails all the same.
    "sqlite-open": ("CANTOPEN", "IOERR", "NOMEM"),
    "sqlite-prepare": ("NOMEM", "IOERR", "CORRUPT"),
    "sqlite-step": ("IOERR", "NOMEM", "BUSY", "DONE", "CORRUPT", "PROTOCOL", "FULL"),
    "sqlite-checkpoint": ("IOERR", "FULL", "BUSY", "DONE", "NOMEM"),
    # Calls of a storage driver (tests/drivers/failing). AFTER takes effect and nobody is told; CUT breaks off.
    "driver-probe": ("TRANSIENT", "AUTH"),
    "driver-put": ("TRANSIENT", "AFTER", "THROTTLED", "PERMISSION", "TIMEOUT", "INTERNAL"),
    "driver-get": ("CUT", "TRANSIENT", "CORRUPT", "AUTH"),
    "driver-stat": ("TRANSIENT", "PERMISSION"),
    "driver-list": ("CUT", "TRANSIENT", "THROTTLED"),
    "driver-remove": ("TRANSIENT", "AFTER", "PERMISSION"),
}
MODIFYING = ("open", "write", "sync", "truncate", "rename", "remove", "mkdir", "driver-put", "driver-remove",
             "sqlite-checkpoint")
HARMLESS = ("SHORT", "AFTER")  # once: the program goes on and nothing has failed
VARYING = re.compile(r"[0-9a-f]{8,}|(?<=-)[0-9]+|[0-9]{8}T[0-9]+")


@dataclasses.dataclass(frozen=True, order=True)
class Site:
    """Calls of one kind to files of one kind, which a glob names (relative to the watched folder)."""
    call: str
    file: str


@dataclasses.dataclass(frozen=True)
class Fault:
    """The nth call of a site fails, once or from then on. Its text is what --fault takes."""
    site: Site
    nth: int
    error: str
    sticky: bool

    def __str__(self):
        return f"{self.site.call}:{self.site.file}:{self.nth}:{self.error}{':sticky' if self.sticky else ''}"

    def environment(self, below):
        """`below`: the folder in which files have their names; objects have theirs in the replica."""
        whole = self.site.file
        if layer_of(self.site.call) != "driver":
            whole = os.path.join(below, whole) if whole != "." else below
        return {"FAULTS_CALL": self.site.call, "FAULTS_FILE": whole, "FAULTS_NTH": str(self.nth), "FAULTS_ERROR": self.error, "FAULTS_STICKY": str(int(self.sticky))}


def layer_of(call):
    """Whose call it is: that of the storage driver, of SQLite's library, or one on a file."""
    layer = call.split("-")[0]
    return layer if layer in ("driver", "sqlite") else "file"


def parse_fault(text):
    call, file, nth, error, *sticky = text.split(":")
    return Fault(Site(call, file), int(nth), error, bool(sticky))


def kind_of(name):
    """A path or a key as a glob: what differs from run to run is a star."""
    return re.sub(r"\*[*.\-]*\*", "*", VARYING.sub("*", name))


def read_trace(path, below, layer):
    """Site -> how often, of one layer. Sorted, because the threads take turns as they like."""
    counts = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            call, _, file = line.rstrip("\n").partition(" ")
            if layer_of(call) != layer:
                continue
            site = Site(call, kind_of(file if layer_of(call) == "driver" else os.path.relpath(file, below)))
            counts[site] = counts.get(site, 0) + 1
    return dict(sorted(counts.items()))


def every_fault(counts):
    """Each call of each site fails, with errors that take turns: once, and from then on. Of calls that change nothing,
    of which there are many, all but the first take turns in that, too."""
    for number, (site, count) in enumerate(counts.items()):
        errors = ERRORS[site.call]
        for nth in range(1, count + 1):
            both = site.call in MODIFYING or nth == 1
            if both or nth % 2 == 0:
                yield Fault(site, nth, errors[(number + nth) % len(errors)], False)
            if both or nth % 2 == 1:
                yield Fault(site, nth, errors[(number + nth + 1) % len(errors)], True)


def kill_points(counts):
    """The process dies before each call that would change something."""
    for site, count in counts.items():
        if site.call in MODIFYING:
            for nth in range(1, count + 1):
                yield Fault(site, nth, "KILL", False)


def choose(faults, count, seed):
    """`count` of them, spread over the sites as evenly as chance allows."""
    draw = random.Random(seed)
    by_site = {}
    for fault in faults:
        by_site.setdefault(fault.site, []).append(fault)
    for of_site in by_site.values():
        draw.shuffle(of_site)
    sites = list(by_site.values())
    draw.shuffle(sites)
    turns = [of_site[turn] for turn in range(max(map(len, sites), default=0)) for of_site in sites if turn < len(of_site)]
    return turns[:count]
