"""The databases of the soak, their applications, and the daemon that follows them."""
import itertools
import os
import shutil
import sqlite3

from harness.daemon import Database, Installation, file_replica
from harness.waiting import wait_until

ROWS = 2000


class Tenant:
    """A database of a size that stays, and the application that has it open."""

    def __init__(self, folder, number):
        self.name, self.commits = f"tenant-{number}.db", 0
        self.path = os.path.join(folder, "databases", self.name)
        self.replica = os.path.join(folder, "replicas", self.name)
        self.connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        assert self.connection.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
        self.connection.executescript(
            "BEGIN IMMEDIATE; CREATE TABLE t(id INTEGER PRIMARY KEY, body BLOB);"
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"
            "INSERT INTO t SELECT i, randomblob(300) FROM n; COMMIT;")

    def write(self, random):
        self.connection.execute("BEGIN IMMEDIATE")
        for _ in range(random.randint(1, 5)):
            self.connection.execute("UPDATE t SET body = randomblob(300) WHERE id = ?", (random.randint(1, ROWS),))
        self.connection.execute("COMMIT")
        self.commits += 1

    def database(self):
        return Database(self.path, [file_replica(self.replica)])


class Tenants:
    """`hour` is how many seconds one takes here; what the configuration says is shortened alike."""

    def __init__(self, folder, count, hour):
        self.folder = folder
        for name in ("databases", "replicas", "state"):
            os.mkdir(os.path.join(folder, name))
        self.numbers, self.commits_of_gone = itertools.count(), 0
        self.all = [Tenant(folder, next(self.numbers)) for _ in range(count)]
        self.streamd = {"http": "127.0.0.1:0", "state-dir": os.path.join(folder, "state")}
        hours = {"snapshot-interval": 1, "retention": 3, "verify-interval": 2, "prune-grace": 0.1}
        self.defaults = {"sync-interval": "100ms", **{key: f"{round(hour * 1000 * many)}ms" for key, many in hours.items()}}
        self.installation = Installation(folder, [each.database() for each in self.all], self.streamd, self.defaults, "info")

    def one_joins(self):
        self.all.append(Tenant(self.folder, next(self.numbers)))
        self.reload()

    def one_leaves(self):
        """The oldest goes, with all that was kept of it."""
        gone = self.all.pop(0)
        self.commits_of_gone += gone.commits
        self.reload()
        gone.connection.close()
        shutil.rmtree(gone.replica)
        for ending in ("", "-wal", "-shm"):
            if os.path.exists(gone.path + ending):
                os.remove(gone.path + ending)

    def commits(self):
        return self.commits_of_gone + sum(each.commits for each in self.all)

    def reload(self):
        self.installation.databases = [each.database() for each in self.all]
        self.installation.write_config(self.streamd, self.defaults, "info")
        self.installation.streamctl("reload").expect(0)

    def sync(self, tenant):
        """Also while a replica's storage comes back after an outage."""
        wait_until(lambda: self.installation.streamctl("sync", tenant.path, "--wait", "--timeout", "60s").code == 0,
                   "a sync", stall=300)

    def stop(self):
        for tenant in self.all:
            self.sync(tenant)
        self.installation.stop()
        for tenant in self.all:
            tenant.connection.close()
