"""The application whose databases are replicated: bench_writer, and what a restored database must contain."""
import dataclasses
import hashlib
import json
import os
import sqlite3
import subprocess


def _writer(*arguments):
    command = [os.environ["BENCH_WRITER"], *(str(word) for word in arguments)]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{' '.join(command)} ended with {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    return json.loads(ended.stdout)


@dataclasses.dataclass
class Commit:
    n: int
    monotonic: int  # nanoseconds, when COMMIT had returned
    calendar: int


def run(database, transactions, rate=0, jitter_us=0, commits=None, **options):
    """So many transactions, `rate` a second (0 = at full speed); the writer's own figures."""
    arguments = ["run", database, "--transactions", transactions]
    if rate:
        arguments += ["--pace-us", round(1e6 / rate), "--jitter-us", jitter_us]
    if commits:
        arguments += ["--commits", commits]
    for name, value in options.items():
        arguments += ["--" + name.replace("_", "-"), value]
    return _writer(*arguments)


def create(database):
    """An empty database with its tables."""
    os.makedirs(os.path.dirname(database), exist_ok=True)
    return _writer("run", database, "--transactions", 1)


def fill(database, megabytes):
    os.makedirs(os.path.dirname(database), exist_ok=True)
    return _writer("fill", database, "--megabytes", megabytes)


def change(database, rows):
    return _writer("change", database, "--rows", rows)


def write_each(databases):
    """One transaction in each; {"began", "done"} in monotonic nanoseconds."""
    return _writer("each", *databases)


def read_commits(path):
    with open(path, encoding="ascii") as lines:
        return [Commit(*map(int, line.split())) for line in lines]


def transactions(database):
    """How many transactions a database has seen."""
    connection = sqlite3.connect(database)
    try:
        return connection.execute("SELECT n FROM progress").fetchone()[0]
    finally:
        connection.close()


def content(database):
    """A digest of everything the application has stored."""
    digest = hashlib.sha256()
    connection = sqlite3.connect(database)
    try:
        for table in ("progress", "event"):
            for row in connection.execute(f"SELECT * FROM {table} ORDER BY id"):
                digest.update(repr(row).encode())
        assert connection.execute("PRAGMA quick_check").fetchone()[0] == "ok", f"{database} is damaged"
    finally:
        connection.close()
    return digest.hexdigest()


def assert_same(original, restored, who):
    assert content(original) == content(restored), (
        f"{who} restored something else than the database held (transaction {transactions(restored)} of "
        f"{transactions(original)})")
