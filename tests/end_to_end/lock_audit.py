"""Whatever the daemon and streamctl are asked to do, the daemon's locks on the database and its index never go: one
open() and close() of these files anywhere in it would drop them all (docs/wal-capture.md, "the lock rule").
"""
import os
import sys
import threading
import time

from harness import case, locks, processes, workload
from harness.waiting import wait_until
from end_to_end.installed import replicated, restored


class Auditor(threading.Thread):
    """Looks again and again. One look is no snapshot of the kernel's list, but a lock that was dropped stays away."""

    def __init__(self, daemon, database):
        super().__init__(daemon=True)
        self.pid, self.database = daemon.pid, database
        self.looks, self.missing, self.over = 0, None, threading.Event()

    def run(self):
        while not self.over.is_set() and self.missing is None:
            self.looks += 1
            if not any(locks.protected(self.pid, self.database) for _ in range(200)):
                self.missing = locks.index_bytes(self.pid, self.database), locks.held(self.pid, self.database)
            time.sleep(0.002)

    def check(self):
        self.over.set()
        self.join()
        assert self.missing is None, f"locks were gone: only {self.missing} were held"
        assert self.looks > 10


def descriptors(pid, database):
    """How often the process has each of the database's files open."""
    paths = processes.open_files(pid)
    return {end: paths.count(database + end) for end in ("", "-wal", "-shm")}


def test_the_locks_stay_whatever_is_asked_for(folder):
    installation, writer = replicated(folder, defaults={"snapshot-interval": "1s"})
    database = installation.databases[0]
    daemon = installation.start()
    writer.transactions(10)
    installation.sync(database)
    auditor = Auditor(daemon, database.path)
    auditor.start()
    log = os.path.join(folder, "points")
    load = processes.Child([sys.executable, "-B", "-m", "harness.workload", database.path, log, "--pause", "0.01"],
                           os.path.join(folder, "load.log"))
    for number in range(6):
        for words in (["status"], ["databases"], ["generations", "app.db"], ["snapshots", "app.db"],
                      ["segments", "app.db"], ["config", "show"], ["sync", database.path, "--wait"]):
            installation.streamctl(*words).expect(0)
        restored(installation, f"out-{number}.db", "--check", "full")
        installation.restore(database, database.path, "--force").expect(1)  # the daemon has it
        installation.run_once("--check").expect(0)
        installation.run_once("--control", os.path.join(folder, "other.sock")).expect(1)  # a second daemon
        writer.vacuum()
        writer.checkpoint("TRUNCATE")
    load.terminate()
    wait_until(lambda: locks.handed_over(daemon.pid, database.path), "the log to be handed over")
    auditor.check()
    assert descriptors(daemon.pid, database.path)["-shm"] <= 2, descriptors(daemon.pid, database.path)
    installation.stop()


def test_the_audit_sees_a_daemon_without_locks(folder):
    installation, writer = replicated(folder)
    daemon = installation.start()
    writer.transactions(3)
    installation.sync(installation.databases[0])
    installation.kill()
    assert not locks.protected(daemon.pid, installation.databases[0].path)


if __name__ == "__main__":
    case.run(globals())
