"""An application with a busy_timeout of 0 is never refused because of the daemon: not at a thousand transactions a second
with the daemon's defaults, and at no speed at all without forced resets.

What an application refuses itself (two of its own writers) does not count: there is one writer here, and readers.
"""
import contextlib
import os
import sqlite3

from harness import case, compare, processes
from harness.daemon import Database, Installation, file_replica
from harness.waiting import wait_until
from end_to_end.idle import wait_for_rest
from end_to_end.installed import restored


def started(folder, **settings):
    path = os.path.join(folder, "app.db")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB)")
    database = Database(path, [file_replica(os.path.join(folder, "replica"))], settings)
    installation = Installation(folder, [database])
    installation.start()
    installation.sync(database)
    return installation


def impatient(path, *preparation):
    """It has read once when it begins: who opens a database just when somebody closes it can be refused by SQLite."""
    application = processes.Conversation([case.program("application"), path])
    for line in ("timeout 0", "sql SELECT max(id) FROM t", *preparation):
        assert application.ask(line).startswith("0 "), line
    return application


def stopped(application):
    """What it said at the end: how much it did, how often it was refused."""
    code, longest, done, busy, others, *why = application.ask("stop").split(maxsplit=5)
    print(f"{done} done, refused {busy} times {why}, the longest took {float(longest):.1f} ms", flush=True)
    assert (code, others) == ("0", "0"), (code, others)
    application.kill()
    return int(done), int(busy)


def never_refused(installation, writes, reads, enough, *preparation, one_in=0):
    """A writer and a reader that wait for nobody, until there are `enough` rows; then the replica is compared.

    `one_in`: so rarely a refusal is SQLite's own. A reader, any reader, that looks while a writer is between the two
    copies of the wal-index header tries the write lock, to repair it, and may have it when the writer wants it again. Our
    readers do not (engine/sqlite/no_write_lock.h); the test's own reader does.
    """
    path = installation.databases[0].path
    applications = [impatient(path, *preparation), impatient(path)]
    applications[0].say(writes)
    applications[1].say(reads)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        def rows():
            return connection.execute("SELECT coalesce(max(id), 0) FROM t").fetchone()[0]
        wait_until(lambda: rows() >= enough, "the writer", progress=rows, pause=0.2)
        for application in applications:
            done, busy = stopped(application)
            assert done > 0
            assert busy <= (done / one_in if one_in else 0), busy
    installation.sync(installation.databases[0])
    installation.stop()
    assert " broke: " not in installation.daemon.output()
    compare.assert_same_pages(restored(installation, "out.db"), path)


def test_at_a_thousand_transactions_a_second_nobody_is_refused_with_the_defaults(folder):
    never_refused(started(folder), "write 1000", "read 1000", 8000)


def test_at_full_speed_nobody_is_refused_without_forced_resets(folder):
    installation = started(folder, **{"wal-force-reset": False, "wal-soft-limit": "1MiB"})
    never_refused(installation, "write 0", "read 500", 60000, "sql PRAGMA synchronous=NORMAL", one_in=10_000)


def test_a_connection_that_is_opened_while_the_daemon_attaches_works_rests_and_wakes_is_not_refused(folder):
    installation = started(folder)
    path = installation.databases[0].path
    visitor, writer = impatient(path), impatient(path)
    visitor.say("visit 200")
    for life in range(2):
        for _ in range(3):
            assert writer.ask("sql INSERT INTO t(b) VALUES(randomblob(100))").startswith("0 ")
            installation.sync(installation.databases[0])
            wait_for_rest(installation)
        if life == 0:
            installation.stop()
            installation.start()
    done, busy = stopped(visitor)
    assert (done > 1000, busy) == (True, 0), (done, busy)
    writer.kill()


if __name__ == "__main__":
    case.run(globals())
