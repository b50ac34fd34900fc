"""What a daemon takes, noted again and again, and whether it has grown."""
import collections
import os
import re

from harness import web

# What may be more at the end than a quarter of a day after the start: a share, and an amount besides.
ALLOWED = {
    "memory, KiB": (0.10, 4096),
    "threads": (0, 2),
    "descriptors": (0.05, 8),
    "state, KiB": (0.50, 4096),
    "replicas, KiB": (0.25, 1024),
    "requests a commit": (0.25, 0.2),
}


def kib_below(folder):
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total // 1024


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1))


def median(values):
    return sorted(values)[len(values) // 2]


class Figures:
    def __init__(self, tenants):
        self.installation, self.folder = tenants.installation, tenants.folder
        self.address = web.address_of(self.installation)
        self.by_quarter = [collections.defaultdict(list) for _ in range(4)]
        self.tenants = tenants
        self.last = self.requests(), tenants.commits()

    def requests(self):
        """Of the databases that are followed now: those that left took their counts along."""
        status, _, text = web.get(self.address + "/metrics")
        assert status == 200, text
        return {labels: float(count) for labels, count in re.findall(r"streamd_store_requests_total(\{.*\}) (\S+)", text)}

    def requests_a_commit(self):
        """How often a store was asked since the last time, for each transaction that was written since."""
        (before, then), now = self.last, (self.requests(), self.tenants.commits())
        self.last = now
        new = sum(count - before.get(labels, 0) for labels, count in now[0].items())
        return new / max(1, now[1] - then)

    def note(self, hour):
        pid = self.installation.daemon.pid
        figures = self.by_quarter[hour // 6]
        figures["memory, KiB"].append(resident_kib(pid))
        figures["threads"].append(len(os.listdir(f"/proc/{pid}/task")))
        figures["descriptors"].append(len(os.listdir(f"/proc/{pid}/fd")))
        figures["state, KiB"].append(kib_below(os.path.join(self.folder, "state")))
        figures["replicas, KiB"].append(kib_below(os.path.join(self.folder, "replicas")))
        figures["requests a commit"].append(round(self.requests_a_commit(), 2))

    def check(self):
        grown = []
        for measure, (share, amount) in ALLOWED.items():
            quarters = [median(quarter[measure]) for quarter in self.by_quarter]
            print(f"{measure:18} {'  '.join(f'{value:>9}' for value in quarters)}   (medians of four quarters)", flush=True)
            if quarters[3] > quarters[1] * (1 + share) + amount:
                grown.append(measure)
        assert not grown, "has grown between the second quarter and the last: " + ", ".join(grown)
