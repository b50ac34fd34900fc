"""set-wal: a database that is not in WAL mode is put into it, when nobody has it locked."""
import os
import sqlite3

from harness import case
from harness.daemon import Database, Installation, file_replica
from harness.waiting import wait_until


def in_delete_mode(folder, **settings):
    """(installation, an application's connection)"""
    path = os.path.join(folder, "app.db")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE t(a)")
    connection.execute("INSERT INTO t VALUES('before')")
    database = Database(path, [file_replica(os.path.join(folder, "replica"))], settings)
    return Installation(folder, [database]), connection


def status_of(installation):
    return installation.streamctl("status", "--json").expect(0).json["databases"][0]


def error_of(installation):
    """What it says of the database, or nothing."""
    error = status_of(installation)["error"]
    return error["message"] if error else ""


def mode_of(connection):
    connection.execute("SELECT * FROM t").fetchall()  # it notices a change by others when it reads
    return connection.execute("PRAGMA journal_mode").fetchone()[0]


def test_it_is_converted_and_followed(folder):
    installation, connection = in_delete_mode(folder, **{"set-wal": True})
    assert mode_of(connection) == "delete"
    installation.run_once("--check").expect(0)
    assert mode_of(connection) == "delete", "--check has changed it"
    installation.start()
    installation.sync(installation.databases[0])
    assert "put into WAL mode, as set-wal asks" in installation.daemon.output()
    assert mode_of(connection) == "wal"
    connection.execute("INSERT INTO t VALUES('after')")
    installation.sync(installation.databases[0])
    installation.stop()
    out = os.path.join(folder, "out.db")
    installation.restore(installation.databases[0], out).expect(0)
    rows = sqlite3.connect(out).execute("SELECT a FROM t").fetchall()
    assert rows == [("before",), ("after",)], rows


def test_not_while_the_application_has_it_locked(folder):
    installation, connection = in_delete_mode(folder, **{"set-wal": True})
    connection.execute("BEGIN IMMEDIATE")
    installation.start()
    wait_until(lambda: "WAL mode" in error_of(installation), "its first look")
    connection.execute("INSERT INTO t VALUES('meanwhile')")
    connection.execute("COMMIT")
    wait_until(lambda: status_of(installation)["state"] == "live", "the database to be followed")
    assert mode_of(connection) == "wal"
    installation.stop()


def test_without_it_the_database_is_left_alone(folder):
    installation, connection = in_delete_mode(folder)
    installation.start()
    wait_until(lambda: "not in WAL mode" in error_of(installation), "its first look")
    assert "set set-wal = true" in status_of(installation)["error"]["hint"]
    assert mode_of(connection) == "delete"
    installation.daemon.terminate()


if __name__ == "__main__":
    case.run(globals())
