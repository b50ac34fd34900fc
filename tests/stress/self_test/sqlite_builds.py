"""The newer SQLite is what a preloaded client gets, and each of its fault points can be met."""
import os
import signal
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import fault_points  # noqa: E402 (found through the line above)
import sqlite_builds  # noqa: E402
from harness import case, compare  # noqa: E402
from harness.daemon import run  # noqa: E402

# Writes, starts the log anew by itself, lets it be restarted and truncated: every place with a fault point.
CLIENT = """
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
def write():
    c.execute("INSERT INTO t VALUES(randomblob(9000))")
    print(c.execute("SELECT count(*) FROM t").fetchone()[0], flush=True)
for mode in ("PASSIVE", "PASSIVE", "RESTART", "TRUNCATE"):
    write()
    c.execute(f"PRAGMA wal_checkpoint({mode})")
    write()
"""


def libraries():
    try:
        return sqlite_builds.libraries()
    except sqlite_builds.Unavailable as reason:
        case.skip(str(reason))


def new_database(folder, name):
    path = os.path.join(folder, name)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t(x)")
    connection.close()
    return path


def client(database, library, faults=""):
    return run([sys.executable, "-c", CLIENT, database], {"LD_PRELOAD": library, "FAULT_POINTS": faults})


def test_a_preloaded_client_runs_the_newer_sqlite(_):
    command = [sys.executable, "-c", "import sqlite3; print(sqlite3.sqlite_version)"]
    version = run(command, {"LD_PRELOAD": libraries()["newest"]}).expect(0).stdout
    assert tuple(map(int, version.split("."))) > (3, 53), version


def test_without_faults_the_client_reaches_its_end(folder):
    for name, library in libraries().items():
        outcome = client(new_database(folder, name + ".db"), library).expect(0)
        assert outcome.stdout.split()[-1] == "8"


def test_every_fault_point_kills_and_nothing_acknowledged_is_lost(folder):
    library = libraries()["newest-with-faults"]
    for point, _, _ in fault_points.POINTS:
        database = new_database(folder, point + ".db")
        outcome = client(database, library, f"{point}:kill:1")
        assert outcome.code == -signal.SIGKILL, f"{point}: exit code {outcome.code} {outcome.stderr}"
        acknowledged = int((outcome.stdout.split() or ["0"])[-1])
        compare.assert_integrity(database)
        found = compare.row_counts(database)["t"]
        # The last commit may be complete in the log although nobody was told: recovery then keeps it.
        assert acknowledged <= found <= acknowledged + 1, f"{point}: {found} rows, {acknowledged} acknowledged"


if __name__ == "__main__":
    case.run(globals())
