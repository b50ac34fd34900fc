"""A writer whose every commit can be recognised and checked later, whatever the replica calls it.

Each transaction adds 1 to `user_version` and writes, in the same transaction, a digest of everything the
database then holds into the table `digests`. So any restored file can be judged by itself (check()), and against
what the writer was told was committed (the points it records).

As a program: python3 -m harness.workload DATABASE LOG [--seconds S] [--transactions N] [--seed K] [--pause S] [--reopen R]
appends a line "number digest unix-time" to LOG after each acknowledged commit, until SIGTERM.
"""
import argparse
import dataclasses
import hashlib
import random
import signal
import sqlite3
import time

from harness import compare

SCHEMA = """
CREATE TABLE IF NOT EXISTS items(id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS items_by_owner ON items(owner);
CREATE TABLE IF NOT EXISTS digests(number INTEGER PRIMARY KEY, digest TEXT NOT NULL);
"""
MODULUS = 1 << 128


@dataclasses.dataclass(frozen=True)
class Point:
    """A commit that was acknowledged: its number (user_version), the digest of the content, when it was over."""
    number: int
    digest: str
    time: float


def row_digest(row):
    text = hashlib.blake2b(digest_size=16)
    for column in row:
        encoded = column if isinstance(column, bytes) else repr(column).encode()
        text.update(len(encoded).to_bytes(8, "little") + encoded)
    return int.from_bytes(text.digest(), "little")


def rows_digest(rows):
    """Independent of the order, so that it can be kept up to date row by row."""
    return sum(map(row_digest, rows)) % MODULUS


def spelled(total):
    return f"{total:032x}"


def content_digest(connection):
    return spelled(rows_digest(connection.execute("SELECT id, owner, body FROM items")))


def check(path):
    """The Point that the database at `path` is at, by its own content; fails when it is none.

    `time` is 0: a database does not know when it was written.
    """
    compare.assert_integrity(path)
    connection = compare.read_only(path)
    try:
        number = connection.execute("PRAGMA user_version").fetchone()[0]
        newest = connection.execute("SELECT number, digest FROM digests ORDER BY number DESC LIMIT 1").fetchone()
        digest = content_digest(connection)
    finally:
        connection.close()
    assert newest == (number, digest), f"{path}: says commit {number} with content {digest}, but recorded {newest}"
    return Point(number, digest, 0.0)


class Writer:
    """Writes transactions into a database in WAL mode; not for use by several threads."""

    def __init__(self, path, seed=1, page_size=4096, auto_vacuum=0, busy_timeout=30.0):
        self.path = path
        self.random = random.Random(seed)
        self.connection = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None)
        execute = self.connection.execute
        execute(f"PRAGMA page_size={page_size}")
        execute(f"PRAGMA auto_vacuum={auto_vacuum}")
        assert execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
        self.connection.executescript("BEGIN IMMEDIATE;" + SCHEMA + "COMMIT;")
        self.points = []

    def close(self):
        self.connection.close()

    def transaction(self, rows=None):
        """Commits one transaction of about `rows` changes and returns its Point (also kept in `points`)."""
        execute = self.connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            number = execute("PRAGMA user_version").fetchone()[0] + 1
            total = self._stored_total()
            for _ in range(rows if rows is not None else self.random.randint(1, 6)):
                total += self._change()
            digest = spelled(total % MODULUS)
            execute("INSERT INTO digests VALUES(?, ?)", (number, digest))
            execute(f"PRAGMA user_version={number}")
            execute("COMMIT")
        except sqlite3.Error:
            if self.connection.in_transaction:
                execute("ROLLBACK")
            raise
        self.points.append(Point(number, digest, time.time()))
        return self.points[-1]

    def transactions(self, count, rows=None):
        for _ in range(count):
            self.transaction(rows)
        return self.points[-1]

    def vacuum(self):
        self.connection.execute("VACUUM")

    def checkpoint(self, mode="PASSIVE"):
        """(busy, frames in the log, frames checkpointed)"""
        return self.connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()

    def _stored_total(self):
        newest = self.connection.execute("SELECT digest FROM digests ORDER BY number DESC LIMIT 1").fetchone()
        return int(newest[0], 16) if newest else 0

    def _change(self):
        """One insert, update or delete; returns by how much it moves the digest."""
        execute, draw = self.connection.execute, self.random
        victim = None
        if draw.random() < 0.5:
            largest = execute("SELECT max(id) FROM items").fetchone()[0] or 0
            start = draw.randint(0, largest)
            victim = execute("SELECT id, owner, body FROM items WHERE id >= ? LIMIT 1", (start,)).fetchone()
        owner, body = draw.randrange(1000), draw.randbytes(draw.choice((10, 100, 400, 3000)))
        if victim is None:
            row = (execute("INSERT INTO items(owner, body) VALUES(?, ?)", (owner, body)).lastrowid, owner, body)
            return row_digest(row)
        if draw.random() < 0.4:
            execute("DELETE FROM items WHERE id = ?", victim[:1])
            return -row_digest(victim)
        execute("UPDATE items SET owner = ?, body = ? WHERE id = ?", (owner, body, victim[0]))
        return row_digest((victim[0], owner, body)) - row_digest(victim)


def read_points(log):
    """What a writer program recorded; a line cut by a kill is left out."""
    points = []
    with open(log, encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if line.endswith("\n") and len(words) == 3:
                points.append(Point(int(words[0]), words[1], float(words[2])))
    return points


def main():
    parser = argparse.ArgumentParser(description="writes recognisable transactions until told to stop")
    parser.add_argument("database")
    parser.add_argument("log")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--transactions", type=int, default=None)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two transactions")
    parser.add_argument("--reopen", type=int, default=0, help="close and open the database after so many of them")
    options = parser.parse_args()
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    writer, done = Writer(options.database, options.seed), 0
    end = time.monotonic() + options.seconds
    with open(options.log, "a", encoding="ascii", buffering=1) as log:
        while not stop and time.monotonic() < end and options.transactions != done:
            if options.reopen and done % options.reopen == 0:
                writer.close()
                writer = Writer(options.database, options.seed + done)
            point = writer.transaction()
            done += 1
            log.write(f"{point.number} {point.digest} {point.time:.6f}\n")
            time.sleep(options.pause)
    writer.close()


if __name__ == "__main__":
    main()
