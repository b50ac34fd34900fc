"""A database that nobody writes to costs four descriptors and no work, and is woken by its first commit."""
import contextlib
import os
import sqlite3
import subprocess

from harness import case, compare
from harness.daemon import Database, Installation, file_replica
from harness.waiting import wait_until
from end_to_end.installed import restored


def installation_of(folder, names):
    databases = []
    for name in names:
        path = os.path.join(folder, name)
        write(path, "PRAGMA journal_mode=WAL", "CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB)")
        databases.append(Database(path, [file_replica(os.path.join(folder, name + "-replica"))]))
    installation = Installation(folder, databases)
    installation.start()
    for database in databases:
        installation.sync(database)
    return installation


def write(path, *statements):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def descriptors(installation, path):
    """What the daemon has open that belongs to this database."""
    folder = f"/proc/{installation.daemon.pid}/fd"
    names = []
    for number in os.listdir(folder):
        with contextlib.suppress(OSError):
            names.append(os.readlink(os.path.join(folder, number)))
    return sorted(os.path.relpath(name, os.path.dirname(path)) for name in names
                  if os.path.basename(path) in name)


def wait_for_rest(installation):
    for database in installation.databases:
        name = os.path.basename(database.path)
        expected = sorted([f".{name}-streamd.lock", name, f"{name}-shm", f"{name}-shm"])
        wait_until(lambda: descriptors(installation, database.path) == expected,
                   f"rest of {name}", progress=lambda: descriptors(installation, database.path))


def test_an_idle_database_keeps_four_descriptors_and_wakes_for_a_commit(folder):
    installation = installation_of(folder, ["one.db", "two.db"])
    for life in range(2):
        wait_for_rest(installation)
        for database in installation.databases:
            write(database.path, f"INSERT INTO t(b) VALUES(randomblob({300 + life}))")
    for database in installation.databases:
        installation.sync(database)
        out = database.path + ".restored"
        installation.restore(database, out).expect(0)
        compare.assert_same_pages(out, database.path)
    assert " broke: " not in installation.daemon.output()


def test_a_commit_at_rest_is_sent_without_being_asked_for(folder):
    installation = installation_of(folder, ["app.db"])
    wait_for_rest(installation)
    path = installation.databases[0].path
    before = acknowledged(installation)
    write(path, "INSERT INTO t(b) VALUES(randomblob(300))")
    wait_until(lambda: acknowledged(installation) > before, "the commit on the replica")


def acknowledged(installation):
    status = installation.streamctl("status", "--json").expect().json
    return status["databases"][0]["replicas"][0]["txid"]


def test_a_file_that_is_replaced_at_rest_is_noticed(folder):
    installation = installation_of(folder, ["app.db"])
    wait_for_rest(installation)
    path = installation.databases[0].path
    other = os.path.join(folder, "other.db")
    write(other, "PRAGMA journal_mode=WAL", "CREATE TABLE u(x)", "INSERT INTO u VALUES(7)")
    for end in ("-wal", "-shm"):
        os.unlink(path + end)
    os.rename(other, path)

    def followed():
        installation.sync(installation.databases[0])
        out = restored(installation, "out.db")
        with contextlib.closing(sqlite3.connect(out)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_schema").fetchall()
        os.unlink(out)
        return tables == [("u",)]
    wait_until(followed, "the new file's content on the replica")


def test_a_file_that_is_written_over_in_place_is_compared(folder):
    """`cp backup.db app.db` keeps the inode, and a log that belongs to what was there before."""
    installation = installation_of(folder, ["app.db"])
    path, backup = installation.databases[0].path, os.path.join(folder, "backup.db")
    for number in range(20):
        write(path, f"INSERT INTO t(b) VALUES('first {number}' || hex(zeroblob(900)))")
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(backup)) as copy:
        source.backup(copy)
    write(path, "UPDATE t SET b = 'second' || b WHERE id % 2 = 0", "INSERT INTO t(b) VALUES(1)")
    wait_for_rest(installation)
    subprocess.run(["cp", backup, path], check=True)
    write(path, "INSERT INTO t(b) VALUES('after')")
    wait_until(lambda: installation.daemon.output().count("database attached") == 2, "the comparison")
    for life in range(2):
        installation.sync(installation.databases[0])
        compare.assert_same_pages(restored(installation, f"out-{life}.db"), path)
        installation.stop()
        installation.start()


if __name__ == "__main__":
    case.run(globals())
