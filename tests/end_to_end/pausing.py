"""pause and resume, snapshot, stop --merge, log-level; and the durability barrier, by command and in SQL."""
import os
import socket
import sqlite3
import statistics
import time

from harness import case, compare
from harness.daemon import file_replica
from harness.waiting import wait_until
from end_to_end.installed import replicated, restored


def database_of(installation):
    return installation.streamctl("status", "--json").expect(0).json["databases"][0]


def test_a_paused_database_is_free_until_it_is_resumed(folder):
    installation, writer = replicated(folder)
    installation.start()
    writer.transactions(3)
    path = installation.databases[0].path
    assert installation.streamctl("pause", path).expect(0).stdout == f"{path} is paused\n"
    assert database_of(installation)["state"] == "paused"
    outcome = installation.streamctl("sync", path, "--wait").expect(1)
    assert "streamctl resume" in outcome.stderr, outcome
    installation.kill()
    installation.start()  # it stays paused
    assert database_of(installation)["state"] == "paused"
    paused = database_of(installation)
    for name in ("txid", "durable_txid"):
        assert paused[name] is None, paused
    for name in ("txid", "lag_transactions", "snapshot_txid"):
        assert paused["replicas"][0][name] is None, paused
    assert "what is committed is not replicated" in installation.streamctl("status").expect(0).stdout
    connection = writer.connection
    assert connection.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
    connection.execute("PRAGMA page_size=8192")
    connection.execute("VACUUM")
    assert connection.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
    writer.transactions(3)
    installation.streamctl("resume", "app.db").expect(0)
    wait_until(lambda: database_of(installation)["state"] == "live", "following again")
    installation.sync(installation.databases[0])
    compare.assert_same_pages(path, restored(installation, "out.db"))
    installation.stop()


def test_snapshot_log_level_and_stop(folder):
    installation, writer = replicated(folder, log_level="info")
    installation.start()
    writer.transactions(3)
    installation.sync(installation.databases[0])
    before = database_of(installation)["replicas"][0]["snapshot_txid"]
    writer.transaction()
    answer = installation.streamctl("snapshot", "app.db", "--json").expect(0).json
    assert answer["replicas"][0]["snapshot_txid"] >= answer["txid"] > before, answer
    installation.streamctl("log-level", "warn").expect(0)
    size = os.path.getsize(installation.daemon.log)
    writer.transactions(2)
    installation.sync(installation.databases[0])
    assert os.path.getsize(installation.daemon.log) == size
    installation.streamctl("log-level", "loud").expect(2)
    outcome = installation.streamctl("stop", "--merge").expect(1)  # the writer has it open
    assert "others have a database open" in outcome.stderr and installation.databases[0].path in outcome.stderr, outcome
    assert installation.daemon.wait() == 0
    installation.start()
    wait_until(lambda: database_of(installation)["state"] == "live", "following again")
    writer.close()
    installation.streamctl("stop", "--merge").expect(0)
    assert installation.daemon.wait(0.05) == 0, "streamctl stop returned before the process had ended"
    assert not os.path.exists(installation.databases[0].path + "-wal")
    installation.streamctl("stop").expect(50)


def test_the_barrier_counts_replicas(folder):
    installation, writer = replicated(folder)
    blocked = file_replica(os.path.join(folder, "second"), "second", fault="put:transient:100%")
    installation.databases[0].replicas.append(blocked)
    installation.write_config({"shutdown-timeout": "1s"}, {})
    installation.start()
    path = installation.databases[0].path
    writer.transactions(2)
    for words in (("--min-replicas", "1"), ("--replica", "folder")):
        installation.streamctl("sync", path, "--wait", *words).expect(0)
    assert installation.streamctl("sync", path, "--wait", "--min-replicas", "2", "--timeout", "1s").code == 20
    refused = installation.streamctl("sync", path, "--wait", "--min-replicas", "3").expect(2)
    assert "has 2 replicas, not 3" in refused.stderr, refused.stderr
    installation.daemon.terminate()


def test_a_daemon_that_takes_no_connection_is_not_waited_for(folder):
    path = os.path.join(folder, "deaf.sock")
    with socket.socket(socket.AF_UNIX) as deaf, sqlite3.connect(os.path.join(folder, "app.db")) as connection:
        deaf.bind(path)
        deaf.listen(0)
        waiting = []
        while True:  # until its queue is full
            waiting.append(socket.socket(socket.AF_UNIX))
            waiting[-1].setblocking(False)
            try:
                waiting[-1].connect(path)
            except BlockingIOError:
                break
        os.environ["STREAMD_WAIT_SOCKET"] = path
        connection.enable_load_extension(True)
        connection.load_extension(os.environ["STREAMD_WAIT"])
        began = time.monotonic()
        try:
            connection.execute("SELECT streamd_wait(100)").fetchone()
            raise AssertionError("an answer from nobody")
        except sqlite3.OperationalError as error:
            assert "timed out" in str(error), error
        assert time.monotonic() - began < 60
        for each in waiting:
            each.close()


def test_an_application_waits_in_sql(folder):
    waits = os.path.join(folder, "wait.sock")
    settings = {"wait-control": waits, "wait-control-mode": "0666", "shutdown-timeout": "1s"}
    installation, writer = replicated(folder, streamd=settings)
    installation.start()
    assert os.stat(waits).st_mode & 0o777 == 0o666
    os.environ["STREAMD_WAIT_SOCKET"] = waits
    connection = writer.connection
    connection.enable_load_extension(True)
    connection.load_extension(os.environ["STREAMD_WAIT"])
    wait = lambda: connection.execute("SELECT streamd_wait(60000)").fetchone()[0]
    writer.transaction()
    assert wait() == 1
    took = []
    for _ in range(40):
        writer.transaction(1)
        began = time.monotonic()
        assert wait() == 1
        took.append((time.monotonic() - began) * 1000)
        assert database_of(installation)["replicas"][0]["lag_transactions"] == 0
    print(f"the barrier: median {statistics.median(took):.1f} ms, at most {max(took):.1f} ms")
    connection.execute("BEGIN IMMEDIATE")
    for statement, said in (("SELECT streamd_wait(10)", "commit first"), ("SELECT streamd_wait('x')", "milliseconds")):
        try:
            connection.execute(statement).fetchone()
            raise AssertionError(statement)
        except sqlite3.OperationalError as error:
            assert said in str(error), error
    connection.execute("ROLLBACK")
    stranger = sqlite3.connect(os.path.join(folder, "stranger \"quoted\".db"))
    stranger.execute("CREATE TABLE t(x)")
    stranger.enable_load_extension(True)
    stranger.load_extension(os.environ["STREAMD_WAIT"])
    for environment, said in ((waits, "the daemon has no database"), (waits + "-not", "no streamd answers")):
        os.environ["STREAMD_WAIT_SOCKET"] = environment
        try:
            stranger.execute("SELECT streamd_wait(10)").fetchone()
            raise AssertionError("an answer for a stranger")
        except sqlite3.OperationalError as error:
            assert said in str(error), error
    os.environ["STREAMD_WAIT_SOCKET"] = waits
    installation.databases[0].replicas[0]["fault"] = "put:transient:100%"
    installation.write_config(settings, {})
    installation.streamctl("reload").expect(0)
    writer.transaction()
    assert connection.execute("SELECT streamd_wait(300)").fetchone() == (0,)
    installation.daemon.terminate()


if __name__ == "__main__":
    case.run(globals())
