"""Reads a database that changes all the time, and judges every state it sees.

As a program: python3 -m harness.copy_reader DATABASE LOG
until SIGTERM; appends a line "number" to LOG for each state. Ends with 1, and the reason on stderr, when a state is
none that the workload has committed, when it goes back, or when SQLite refuses a read.
"""
import signal
import sys

from harness import compare, workload


def look(connection):
    """The number of the commit that the database is at; fails when it is none."""
    connection.execute("BEGIN")
    try:
        number = connection.execute("PRAGMA user_version").fetchone()[0]
        newest = connection.execute("SELECT number, digest FROM digests ORDER BY number DESC LIMIT 1").fetchone()
        digest = workload.content_digest(connection)
        sound = connection.execute("PRAGMA integrity_check").fetchall()
    finally:
        connection.execute("COMMIT")
    assert sound == [("ok",)], f"integrity_check says {sound[:3]}"
    assert newest == (number, digest) or (number, newest) == (0, None), f"at {number} with {digest}: recorded {newest}"
    return number


def main():
    path, log = sys.argv[1:]
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    stays = compare.read_only(path)  # for the whole time; the other one comes and goes
    newest = 0
    with open(log, "a", encoding="ascii", buffering=1) as output:
        while not stop:
            passing = compare.read_only(path)
            for connection in (stays, passing):
                number = look(connection)
                assert number >= newest, f"went back from {newest} to {number}"
                newest = number
                output.write(f"{number}\n")
            passing.close()
    stays.close()


if __name__ == "__main__":
    main()
