"""A frozen daemon: the application goes on, its log grows, and afterwards nothing is missing."""
import os
import sqlite3

from harness import case, compare, locks, workload
from harness.waiting import wait_until
from end_to_end.installed import replicated, restored


def impatient_checkpoint(path, mode):
    """(busy, frames in the log, frames backfilled) for a connection that does not wait."""
    connection = sqlite3.connect(path, timeout=0)
    try:
        return connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    finally:
        connection.close()


def check_unbroken(installation):
    log = installation.daemon.output()
    assert log.count("database attached") == 1, log
    assert " broke: " not in log and "is not followed" not in log.split("database attached")[1], log


def freeze_in(state, folder):
    installation, writer = replicated(folder)
    database = installation.databases[0]
    daemon = installation.start()
    writer.transactions(5)
    installation.sync(database)
    if state == "handed over":
        wait_until(lambda: locks.handed_over(daemon.pid, database.path), "the log to be handed over")
    else:
        wait_until(lambda: writer.transaction() and not locks.handed_over(daemon.pid, database.path),
                   "the daemon to pin the log")
    daemon.freeze()
    return installation, writer


def grows_and_is_replicated(installation, writer):
    database, daemon = installation.databases[0], installation.daemon
    before = os.path.getsize(database.path + "-wal")
    writer.connection.execute("PRAGMA wal_autocheckpoint=100")
    writer.transactions(400)
    for mode in ("PASSIVE", "FULL", "RESTART", "TRUNCATE"):
        impatient_checkpoint(database.path, mode)
        writer.transactions(20)
    assert os.path.getsize(database.path + "-wal") > before + 400 * 4096
    daemon.thaw()
    installation.sync(database)
    installation.stop()
    check_unbroken(installation)
    found = workload.check(restored(installation, "out.db"))
    assert found.digest == writer.points[-1].digest
    compare.assert_same_pages(os.path.join(installation.folder, "out.db"), database.path)
    return found.number


def test_frozen_with_a_pin_it_misses_nothing(folder):
    installation, writer = freeze_in("pinned", folder)
    grows_and_is_replicated(installation, writer)


def test_frozen_with_the_log_handed_over_it_misses_nothing(folder):
    installation, writer = freeze_in("handed over", folder)
    grows_and_is_replicated(installation, writer)


def test_every_commit_made_while_it_was_frozen_can_be_restored(folder):
    installation, writer = freeze_in("pinned", folder)
    first = writer.points[-1].number
    points = {point.number: point.digest for point in (writer.transaction() for _ in range(30))}
    installation.daemon.thaw()
    installation.sync(installation.databases[0])
    newest = installation.streamctl("status", "--json").expect().json["databases"][0]["durable_txid"]
    installation.stop()
    for step in range(0, 30, 7):
        out = restored(installation, f"out-{step}.db", "--txid", str(newest - step))
        found = workload.check(out)
        assert found.number == first + 30 - step and points[found.number] == found.digest


def test_killed_while_frozen_it_lets_go_of_the_log(folder):
    installation, writer = freeze_in("pinned", folder)
    writer.transactions(50)
    busy, frames, backfilled = impatient_checkpoint(installation.databases[0].path, "TRUNCATE")
    assert busy == 1 and backfilled < frames
    installation.daemon.kill()
    assert impatient_checkpoint(installation.databases[0].path, "TRUNCATE") == (0, 0, 0)
    writer.transaction()
    installation.start()
    installation.sync(installation.databases[0])
    installation.stop()
    assert workload.check(restored(installation, "out.db")).digest == writer.points[-1].digest


if __name__ == "__main__":
    case.run(globals())
