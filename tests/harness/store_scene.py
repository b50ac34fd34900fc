"""A live database on its way to an object store of our own (support/fake_s3), and what must be true of it in the end."""
import os

from harness import case, processes, workload
from harness.daemon import Database, Installation
from harness.waiting import wait_until
from support.fake_s3 import FakeS3

BUCKET = "backups"


class Scene:
    """`large` megabytes that cannot be compressed lie in the database. The daemon is not started. `server`: a FakeS3 or the
    name of its dialect; `settings` are the replica's."""

    def __init__(self, folder, server="aws", large=0, **settings):
        self.server = FakeS3(server) if isinstance(server, str) else server
        self.bucket = self.server.make_bucket(BUCKET)
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        replica = {"name": "offsite", "driver": "s3", "path": "app", "part-size": "5MiB", "idle-timeout": "1s",
                   **self.server.options(BUCKET), **settings}
        self.database = Database(os.path.join(folder, "app.db"), [replica])
        self.writer = workload.Writer(self.database.path)
        self.writer.transactions(2)
        if large:
            self.writer.connection.execute("CREATE TABLE large(content)")
            self.add(large)
        self.restores = 0
        self.installation = Installation(folder, [self.database], defaults={"sync-interval": "100ms"})

    def add(self, megabytes):
        self.writer.connection.executemany("INSERT INTO large VALUES(randomblob(?))", [(1_000_000,)] * megabytes)

    def sync(self):
        self.installation.sync(self.database)

    def status(self):
        return self.installation.streamctl("status", "--json").expect().json["databases"][0]

    def replica(self):
        return self.status()["replicas"][0]

    def sees_trouble(self, *words, code=20):
        """Waits until status tells the truth: the replica fails, and why. `words`: one of them is in the message."""
        def told():
            replica = self.replica()
            return replica["state"] == "failing" and any(word in replica["error"]["message"] for word in words) and replica
        replica = wait_until(told, f"status to say one of {words}", progress=self.replica)
        assert replica["error"]["exit_code"] == code, replica
        assert self.status()["state"] == "live", self.status()  # capture does not wait for a store

    def is_well_again(self):
        self.sync()
        replica = wait_until(lambda: (now := self.replica())["state"] == "ok" and now, "the replica to be well again",
                             progress=self.replica)
        assert replica["error"] is None and replica["lag_transactions"] == 0, replica

    def out(self):
        """Where the newest restore goes."""
        return os.path.join(self.folder, f"restored-{self.restores}.db")

    def begin_restore(self):
        self.restores += 1
        out = self.out()
        return processes.Child([case.program("streamctl"), "restore", self.database.path, "-o", out], out + ".log",
                               {"STREAMD_CONFIG": self.installation.config})

    def restored(self):
        """What was restored is the database as it was after the last commit."""
        found = workload.check(self.out())
        assert (found.number, found.digest) == (self.writer.points[-1].number, self.writer.points[-1].digest)

    def restore(self):
        self.restores += 1
        self.installation.restore(self.database, self.out()).expect(0)
        self.restored()

    def nothing_lost_or_doubled(self):
        """One generation, a chain without a gap and without two objects for one transaction, no upload left open."""
        listed = self.installation.streamctl("generations", self.database.path, "--json").expect().json["generations"]
        assert len(listed) == 1 and len(listed[0]["spans"]) == 1, listed
        segments = self.installation.streamctl("segments", self.database.path, "--json").expect().json["segments"]
        sent = [segment for segment in segments if segment["level"] == 0]  # what they are merged to holds the same
        for before, after in zip(sent, sent[1:]):
            assert after["first_txid"] == before["last_txid"] + 1, (before, after)
        open_uploads = {identity: [(request.method, request.raw_query[:12]) for request in self.server.requests
                                   if identity in request.raw_query] for identity in self.bucket.uploads}
        assert not open_uploads, open_uploads
