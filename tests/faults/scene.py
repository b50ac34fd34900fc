"""One database with its replica in a folder of its own, run under the interposer, and what it must look like afterwards."""
import os
import shutil
import subprocess

import disk
from harness import case, workload
from harness.daemon import Database, Installation, Outcome, file_replica

HANG_SECONDS = 120


class Scene:
    """Everything that may fail lies below `disk`; `images` is the oracle: each committed database, page by page."""

    def __init__(self, folder, settings=None, replica=None, streamd=None):
        self.folder = folder
        self.disk = os.path.join(folder, "disk")
        shutil.rmtree(self.disk, ignore_errors=True)
        for name in ("db", "state"):
            os.makedirs(os.path.join(self.disk, name))
        self.database = os.path.join(self.disk, "db", "app.db")
        self.replica = os.path.join(self.disk, "replica")
        self.images = {}
        self.outputs = 0
        self.writer = None
        self.record = None  # a file: what the programs do is recorded there
        database = Database(self.database, [file_replica(self.replica, **(replica or {}))], settings or {})
        self.streamd = {"state-dir": os.path.join(self.disk, "state"), "shutdown-timeout": "1s", **(streamd or {})}
        self.defaults = {"sync-interval": "10ms"}
        self.installation = Installation(folder, [database], self.streamd, self.defaults)

    def begin_record(self):
        self.record = os.path.join(self.folder, "record")
        for where, _, _ in os.walk(self.disk):
            disk.write_record(self.record, "G", os.stat(where).st_ino, where)

    # The application.

    def open(self):
        self.writer = workload.Writer(self.database)
        self.keep_image()

    def close(self):
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    def commit(self, count=1, rows=None):
        for _ in range(count):
            self.writer.transaction(rows)
            self.keep_image()

    def keep_image(self):
        """By user_version: what the database is now, as SQLite's own pager sees it."""
        connection = self.writer.connection
        number = connection.execute("PRAGMA user_version").fetchone()[0]
        image = connection.serialize()
        versions = self.images.setdefault(number, [])
        if image not in versions:
            versions.append(image)

    def newest(self):
        return max(self.images)

    # The programs.

    def interposed(self, settings):
        """An environment in which the interposer does what `settings` say, besides what they already hold."""
        return {"LD_PRELOAD": case.program("fault_interposer"), "FAULTS_BELOW": self.disk, **settings}

    def behind_a_failing_driver(self):
        """From now on the replica is reached through tests/drivers/failing, which obeys the environment."""
        settings = self.installation.databases[0].replicas[0]
        settings.update(driver="failing", inner=case.program("file_driver"))
        self.installation.write_config(self.streamd, self.defaults)

    def once(self, environment=None):
        if self.record:
            environment = {**self.interposed({"FAULTS_RECORD": self.record}), **(environment or {})}
        return self.run([case.program("streamd"), "--config", self.installation.config, "--once"], environment)

    def streamctl(self, *words, environment=None):
        return self.run([case.program("streamctl"), *words], environment)

    def run(self, command, environment=None):
        """As harness.daemon.run, but a program that hangs fails the test."""
        everything = {**os.environ, "STREAMD_CONFIG": self.installation.config, **(environment or {})}
        try:
            ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                                   env=everything, check=False, timeout=HANG_SECONDS)
        except subprocess.TimeoutExpired as hung:
            raise AssertionError(f"hangs: {' '.join(command)}\n{hung.stderr}") from None
        return Outcome(ended.returncode, ended.stdout, ended.stderr)

    def restore(self, *words, environment=None):
        """(outcome, path) of a restore into a new file outside of the disk."""
        self.outputs += 1
        out = os.path.join(self.folder, f"restored-{self.outputs}.db")
        return self.streamctl("restore", self.database, "-o", out, *words, environment=environment), out
