"""A day of one streamd in miniature: what takes hours in life takes seconds, and at its end nothing has grown.
    SOAK_MINUTES=24 day.py      24 hours in so many minutes

By day databases are written, by night they nearly rest. Each hour applications checkpoint and vacuum, a database joins and
one leaves, a replica's folder is out of reach for a while, drills run, and a restore is compared. Memory, descriptors,
threads, disk and requests of the last quarter are compared with those of the second.
"""
import os
import random
import shutil
import time

from harness import case, compare
from soak.figures import Figures
from soak.tenants import Tenants

HOURS = 24
DATABASES = 12


class Day:
    def __init__(self, folder, minutes):
        self.folder, self.hour_seconds = folder, minutes * 60 / HOURS
        self.tenants = Tenants(folder, DATABASES, self.hour_seconds)
        self.random = random.Random(1)
        self.tenants.installation.start()
        self.figures = Figures(self.tenants)

    def run(self):
        for hour in range(HOURS):
            self.hour(hour)
        for tenant in self.tenants.all:
            self.restore(tenant)
        self.tenants.stop()
        self.figures.check()

    def hour(self, hour):
        night = hour < 6
        end = time.monotonic() + self.hour_seconds
        chores = [self.tenants.one_leaves, self.tenants.one_joins, self.vacuum, self.checkpoint, self.outage, self.restore]
        self.random.shuffle(chores)
        for chore in chores:
            chore()
            self.write(self.hour_seconds / (len(chores) + 2), night)
            self.figures.note(hour)
        self.write(end - time.monotonic(), night)

    def write(self, seconds, night):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for tenant in self.tenants.all:
                if not night or self.random.random() < 0.02:
                    tenant.write(self.random)
            time.sleep(0.1)

    def one(self):
        return self.random.choice(self.tenants.all)

    def vacuum(self):
        self.one().connection.execute("VACUUM")

    def checkpoint(self):
        mode = self.random.choice(("PASSIVE", "FULL", "RESTART", "TRUNCATE"))
        self.one().connection.execute(f"PRAGMA wal_checkpoint({mode})")

    def outage(self):
        """A drive that is not there for a while."""
        replica = self.one().replica
        os.rename(replica, replica + ".away")
        self.write(self.hour_seconds / 8, night=False)
        if os.path.exists(replica):
            shutil.rmtree(replica)
        os.rename(replica + ".away", replica)

    def restore(self, tenant=None):
        tenant = tenant or self.one()
        out = os.path.join(self.folder, "out", "restored.db")
        os.mkdir(os.path.dirname(out))
        self.tenants.sync(tenant)
        self.tenants.installation.streamctl("restore", tenant.path, "-o", out).expect(0)
        compare.assert_same_pages(tenant.path, out)
        shutil.rmtree(os.path.dirname(out))


def test_nothing_grows_in_a_day(folder):
    Day(folder, float(os.environ.get("SOAK_MINUTES", "24"))).run()


if __name__ == "__main__":
    case.run(globals())
