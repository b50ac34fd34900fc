"""More than 1 GiB, across SQLite's lock page; one transaction larger than a piece; a snapshot that was interrupted."""
import os
import re
import sqlite3

from harness import case
from harness.daemon import Database, Installation, file_replica
from harness.waiting import wait_until

ROWS = 300_000


def large_database(path):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; CREATE TABLE big(id INTEGER PRIMARY KEY, b BLOB)")
    noise = os.urandom(2500)
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO big VALUES(?, ?)",
                           ((i, noise + i.to_bytes(8, "little") + os.urandom(300)) for i in range(ROWS)))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def parts(replica):
    return sum(name.endswith(".part") for _, _, names in os.walk(replica) for name in names)


def test_over_a_gibibyte(folder):
    database, replica = os.path.join(folder, "big.db"), os.path.join(folder, "replica")
    large_database(database)
    assert os.path.getsize(database) > 1 << 30
    installation = Installation(folder, [Database(database, [file_replica(replica)])])
    installation.start()
    wait_until(lambda: parts(replica) > 5, "some parts", stall=300)
    installation.kill()
    installation.start()
    installation.sync(installation.databases[0])
    taken = re.search(r"snapshot taken .* parts=(\d+) reused=(\d+)", installation.daemon.output())
    assert taken and int(taken[2]) > 5, f"the parts sent before the kill were sent again: {taken}"
    connection = sqlite3.connect(database, isolation_level=None)
    connection.executescript("DELETE FROM big WHERE id % 10 = 0; VACUUM")
    installation.sync(installation.databases[0])
    connection.execute("UPDATE big SET b = zeroblob(100) WHERE id = 77")
    installation.sync(installation.databases[0])
    installation.stop()
    segments = installation.streamctl("segments", database, "--json").expect().json["segments"]
    assert all(segment["complete"] for segment in segments)
    names = [name for _, _, found in os.walk(replica) for name in found]
    assert any("of5.all" in name or "of4.all" in name or "of6.all" in name for name in names), names
    out = os.path.join(folder, "restored.db")
    installation.restore(installation.databases[0], out).expect()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with open(database, "rb") as left, open(out, "rb") as right:
        while chunk := left.read(1 << 24):
            assert chunk == right.read(1 << 24)
        assert not right.read(1)


if __name__ == "__main__":
    case.run(globals())
