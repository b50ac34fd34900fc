"""streamd --once, as cron runs it: it ends at once, with the right code, when waiting would not help."""
import datetime
import os
import shutil
import sqlite3
import time

from harness import case, processes, workload
from harness.daemon import Database, Installation, file_replica, run
from harness.waiting import wait_until
from end_to_end.installed import replicated, restored

PATIENCE = {"shutdown-timeout": "1h"}  # who waits for what does not heal never ends here


def once(folder, path, *arguments, replicas=None, streamd=None, **settings):
    replicas = replicas or [file_replica(os.path.join(folder, "replica"))]
    installation = Installation(folder, [Database(path, replicas, settings)], streamd={**PATIENCE, **(streamd or {})})
    return installation.run_once("--once", *arguments)


def test_a_database_that_cannot_be_followed(folder):
    path = os.path.join(folder, "app.db")
    assert "there is no such database" in once(folder, path).expect(1).stderr
    os.mkdir(path)
    assert "not a regular file" in once(folder, path).expect(40).stderr
    os.rmdir(path)
    with open(path, "wb") as junk:
        junk.write(b"not a database" * 1000)
    assert "no SQLite database" in once(folder, path).expect(40).stderr
    os.truncate(path, 0)
    assert "is empty" in once(folder, path).expect(1).stderr
    os.remove(path)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t(a)")
    connection.close()
    assert "not in WAL mode" in once(folder, path).expect(1).stderr
    assert not os.path.exists(os.path.join(folder, "replica", "streamd.json"))


def test_a_state_dir_that_cannot_be_used(folder):
    workload.Writer(os.path.join(folder, "app.db")).transactions(1)
    once(folder, os.path.join(folder, "app.db"), streamd={"state-dir": "/dev/null/x"}).expect(1)


def test_a_time_in_which_nobody_looked_is_said(folder):
    path, out = os.path.join(folder, "app.db"), os.path.join(folder, "out.db")
    writer = workload.Writer(path)
    before = writer.transactions(2)
    once(folder, path).expect(0)
    writer.transactions(3)
    between = time.time()
    writer.transactions(3)
    writer.close()
    once(folder, path).expect(0)
    moment = datetime.datetime.fromtimestamp(between, datetime.timezone.utc).isoformat()
    restored = run([case.program("streamctl"), "restore", "file://" + os.path.join(folder, "replica"), "-o", out, "--timestamp", moment])
    restored.expect(0)
    assert "nobody saw when things changed between" in restored.stdout + restored.stderr, restored
    assert workload.check(out).number == before.number


def test_nothing_to_restore_is_10(folder):
    path = os.path.join(folder, "app.db")
    once(folder, path, "--restore-missing").expect(10)
    once(folder, path, **{"restore-missing": True}).expect(10)
    assert not os.path.exists(path)


def test_a_refused_replica_is_14_and_the_other_one_gets_everything(folder):
    installation, writer = replicated(folder, streamd=PATIENCE)
    writer.transactions(3)
    installation.run_once("--once").expect(0)
    other = os.path.join(folder, "other.db")
    point = workload.Writer(other, seed=2).transactions(3)
    two = [file_replica(os.path.join(folder, "fresh"), "fresh")]
    assert once(folder, other, replicas=two).code == 0
    two.insert(0, file_replica(os.path.join(folder, "replica"), "taken"))
    two.append(file_replica(os.path.join(folder, "late"), "late"))
    refused = once(folder, other, replicas=two).expect(14)
    assert "holds another database" in refused.stderr, refused.stderr
    for name in ("fresh", "late"):
        out = os.path.join(folder, name + ".db")
        Installation(folder, [Database(other, two)]).streamctl("restore", other, "--replica", name, "-o", out).expect(0)
        assert workload.check(out).digest == point.digest
    out, url = os.path.join(folder, "first.db"), "file://" + os.path.join(folder, "replica")
    installation.streamctl("restore", url, "-o", out).expect(0)
    assert workload.check(out).digest == writer.points[-1].digest


def test_refused_credentials_are_21(folder):
    path = os.path.join(folder, "app.db")
    workload.Writer(path).transactions(1)
    once(folder, path, replicas=[file_replica(os.path.join(folder, "replica"), fault="any:auth:100%")]).expect(21)


def test_an_unreachable_store_is_waited_for_and_then_20(folder):
    path = os.path.join(folder, "app.db")
    workload.Writer(path).transactions(1)
    silent = [file_replica(os.path.join(folder, "replica"), fault="any:transient:100%")]
    once(folder, path, replicas=silent, streamd={"shutdown-timeout": "1s"}).expect(20)


def test_a_locked_database_is_waited_for(folder):
    installation, writer = replicated(folder, streamd=PATIENCE)
    point = writer.transactions(3)
    writer.connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    writer.connection.execute("BEGIN IMMEDIATE")
    log = os.path.join(folder, "once.log")
    child = processes.Child([case.program("streamd"), "--config", installation.config, "--once"], log)
    wait_until(lambda: "is not followed" in child.output(), "its first look", progress=lambda: len(child.output()))
    assert child.running(), child.output()
    writer.connection.execute("ROLLBACK")
    writer.close()
    assert child.wait() == 0, child.output()
    assert workload.check(restored(installation, "out.db")).digest == point.digest


def test_sync_without_a_daemon_does_not_wait_either(folder):
    installation, writer = replicated(folder)
    writer.close()
    shutil.move(installation.databases[0].path, os.path.join(folder, "gone.db"))
    outcome = installation.streamctl("sync", "app.db", "--timeout", "1h").expect(1)
    assert "there is no such database" in outcome.stderr, outcome.stderr


if __name__ == "__main__":
    case.run(globals())
