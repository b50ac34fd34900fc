#!/usr/bin/env python3
"""What encryption costs: first snapshot, transactions and restore, with and without `recipients`, in turns.

usage: STREAMD=... STREAMCTL=... STREAMD_DRIVER_PATH=... PYTHONPATH=tests tests/bench/encryption.py [--megabytes N] [--rounds N]
"""
import argparse
import filecmp
import os
import random
import shutil
import sqlite3
import statistics
import tempfile

from harness import case
from subjects import timed


def fill(database, megabytes):
    """Rows of a log: a number and about 160 bytes of words."""
    draw = random.Random(1)
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(3, 10))) for _ in range(5000)]
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE log(id INTEGER PRIMARY KEY, account INTEGER, text)")
    while os.path.getsize(database) < megabytes << 20:
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO log(account, text) VALUES(?, ?)",
                               ((draw.randrange(1 << 40), " ".join(draw.choices(words, k=22))) for _ in range(50000)))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def changed_rows(database, transactions):
    """Transactions that streamd captures as one delta: rows all over the file."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("CREATE TABLE IF NOT EXISTS extra(id INTEGER PRIMARY KEY, text)")
    for _ in range(transactions):
        connection.execute("INSERT INTO extra(text) VALUES(hex(randomblob(400)))")
    connection.close()


def one_round(folder, original, recipients, identity):
    """(CPU of the first snapshot, of changes, of the restore, time of the restore), seconds."""
    home = os.path.join(folder, "round")
    os.makedirs(home)
    database, out = os.path.join(home, "app.db"), os.path.join(home, "restored.db")
    shutil.copyfile(original, database)
    url = f"file://{home}/replica" + (f"?recipients={recipients}" if recipients else "")
    daemon = [case.program("streamd"), "--once", "--control", "", database, url]
    _, snapshot = timed(daemon)
    changed_rows(database, 20000)
    _, changes = timed(daemon)
    seconds, restore = timed([case.program("streamctl"), "restore", f"file://{home}/replica", "-o", out,
                              "--identity", identity])
    changed_rows(database, 0)
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert filecmp.cmp(database, out, shallow=False), "the restored database is another one"
    shutil.rmtree(home)
    return snapshot, changes, restore, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        identity, original = os.path.join(folder, "identity"), os.path.join(folder, "large.db")
        timed([case.program("streamctl"), "keygen", "-o", identity])
        with open(identity, encoding="ascii") as text:
            public = next(line for line in text if "streamd-pub-" in line).split()[-1]
        fill(original, options.megabytes)
        plain, sealed = [], []
        for _ in range(options.rounds):
            plain.append(one_round(folder, original, "", identity))
            sealed.append(one_round(folder, original, public, identity))
    names = ("first snapshot, CPU", "20,000 changes found at the start, CPU", "restore, CPU", "restore, time")
    for name, without, with_it in zip(names, zip(*plain), zip(*sealed)):
        before, after = statistics.median(without), statistics.median(with_it)
        print(f"{name}: {before:.2f} s plain, {after:.2f} s encrypted, {100 * (after / before - 1):+.1f} %")


if __name__ == "__main__":
    main()
