"""More databases are written to at a time than the limit of open files lets streamd read at a time."""
import os
import re
import shutil
import sqlite3

from harness import case, processes
from harness.daemon import Database, Installation, file_replica, run
from harness.waiting import wait_until

COUNT = 400  # of which 256 may be awake under the lowest limit that streamd starts with


def commit(path):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("INSERT INTO t VALUES (randomblob(100))")
    return connection  # the application goes on having it open


def many(folder):
    first = os.path.join(folder, "0.db")
    with sqlite3.connect(first) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t(x)")
    connection.close()
    paths = [os.path.join(folder, f"{number}.db") for number in range(COUNT)]
    for path in paths[1:]:
        shutil.copyfile(first, path)
    return Installation(folder, [Database(path, [file_replica(path + "-replica")]) for path in paths], log_level="info")


def lowest_limit(streamd):
    refused = run(["sh", "-c", f"ulimit -n {COUNT} && exec {streamd} --check"]).expect(40).stdout
    return int(re.search(r"need (\d+)", refused).group(1))


def replicated(installation, databases):
    """Of how many databases everything that is committed is in the replica; the daemon answers all the time."""
    status = {each["database"]: each for each in installation.streamctl("status", "--json").expect(0).json["databases"]}
    txid = {path: each["replicas"][0]["txid"] for path, each in status.items()}
    return sum((txid[path] or 0) >= wanted for path, wanted in databases.items())


def test_some_wait_until_others_rest(folder):
    installation = many(folder)
    streamd = f"'{case.program('streamd')}' --config '{installation.config}'"
    limit = lowest_limit(streamd)
    log = os.path.join(folder, "limited.log")
    daemon = processes.Child(["sh", "-c", f"ulimit -n {limit} && exec {streamd}"], log)
    grows = lambda: os.path.getsize(log)
    paths = [database.path for database in installation.databases]
    wait_until(lambda: os.path.exists(installation.control) and installation.streamctl("status").code == 0, "an answer", progress=grows)
    wait_until(lambda: replicated(installation, dict.fromkeys(paths, 1)) == COUNT, "the first snapshots", progress=grows)
    for wanted in (2, 3):
        connections = [commit(path) for path in paths]
        last = wait_until(lambda: replicated(installation, dict.fromkeys(paths, wanted)) == COUNT, "every commit", progress=grows)
        assert last and len(processes.open_files(daemon.pid)) < limit
        for connection in connections:
            connection.close()
    assert daemon.terminate() == 0, daemon.output()
    trouble = [line for line in daemon.output().splitlines() if " warn " in line or " error " in line]
    assert not trouble, trouble
    for path in (paths[0], paths[-1]):
        assert sqlite3.connect(path).execute("SELECT count(*) FROM t").fetchone() == (2,)
        out = path + "-restored"
        installation.streamctl("restore", path, "-o", out).expect(0)
        assert sqlite3.connect(out).execute("SELECT count(*) FROM t").fetchone() == (2,)


if __name__ == "__main__":
    case.run(globals())
