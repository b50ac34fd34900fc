"""A disk is full: of the local state, of the database, of a replica. The application does not suffer from streamd, it is
said within seconds, it heals by itself, and nothing is lost; what could not be kept is one visible delta."""
import os
import sqlite3

from harness import case, compare, disks, workload
from harness.daemon import Database, Installation, file_replica
from harness.waiting import wait_until
from end_to_end.installed import restored

MIB = 1 << 20


def status(installation):
    return installation.streamctl("status", "--json").expect().json["databases"][0]


def wait_for(installation, state, words=""):
    def arrived():
        now = status(installation)
        return now["state"] == state and words in str(now["error"]) and now
    return wait_until(arrived, f"state {state!r} {words!r}")


def wait_for_replica(installation, name, state):
    def arrived():
        replica = next(each for each in status(installation)["replicas"] if each["name"] == name)
        return replica["state"] == state and replica
    return wait_until(arrived, f"replica {name} {state!r}")


def followed(folder, database, replicas, settings=None, streamd=None):
    """(installation, writer) with the daemon running and a first transaction synced."""
    writer = workload.Writer(database)
    writer.connection.execute("PRAGMA wal_autocheckpoint=100")
    installation = Installation(folder, [Database(database, replicas, settings or {})], streamd=streamd)
    installation.start()
    writer.transactions(5)
    installation.sync(installation.databases[0])
    return installation, writer


def holds(installation):
    segments = installation.streamctl("segments", "app.db", "--json").expect().json["segments"]
    return [segment["holds"] for segment in segments]


def check_newest(installation, writer, name, *arguments):
    out = restored(installation, name, *arguments)
    assert workload.check(out).digest == writer.points[-1].digest
    compare.assert_same_pages(out, installation.databases[0].path)


def with_full_state_disk(folder, state, settings):
    database = os.path.join(folder, "app.db")
    installation, writer = followed(folder, database, [file_replica(os.path.join(folder, "replica"))], settings,
                                    {"state-dir": state})
    return installation, writer, disks.Filler(state)


def test_full_state_disk_below_the_hard_limit_every_commit_is_kept_in_the_log(folder):
    with disks.small_disk(os.path.join(folder, "state"), 3 * MIB) as state:
        installation, writer, filler = with_full_state_disk(folder, state, {})
        writer.transaction()
        error = wait_for(installation, "failing")["error"]
        assert error["code"] == "no space" and state in error["message"], error
        points = [writer.transaction() for _ in range(20)]
        said = [line for line in installation.daemon.output().splitlines()
                if "database is not followed" in line and "No space left" in line]
        assert len(said) == 1, said
        filler.let_go()
        wait_for(installation, "live")
        installation.sync(installation.databases[0])
        newest = status(installation)["durable_txid"]
        assert set(holds(installation)) == {"all"}
        for back in (0, 7, 19):
            found = workload.check(restored(installation, f"out-{back}.db", "--txid", str(newest - back)))
            assert found.digest == points[-1 - back].digest
        check_newest(installation, writer, "newest.db")
        installation.stop()


def test_above_the_hard_limit_the_log_is_let_go_and_one_delta_follows(folder):
    with disks.small_disk(os.path.join(folder, "state"), 3 * MIB) as state:
        installation, writer, filler = with_full_state_disk(folder, state, {"wal-hard-limit": "1MiB"})
        before, kept = status(installation)["durable_txid"], writer.points[-1]
        path = installation.databases[0].path
        wait_until(lambda: writer.transactions(10) and "was let go" in str(status(installation)["error"]),
                   "the log to be let go")
        now = wait_for(installation, "not protected", "was let go")
        assert now["error"]["code"] == "no space" and "free space" in now["error"]["hint"], now
        assert os.path.getsize(path + "-wal") > MIB
        writer.transactions(50)  # nobody pins the log: the application restarts it
        wait_until(lambda: writer.checkpoint("TRUNCATE") == (0, 0, 0), "a checkpoint that nobody hinders")
        writer.transactions(50)
        assert installation.daemon.output().count("was let go") == 1, installation.daemon.output()
        filler.let_go()
        wait_for(installation, "live")
        writer.transactions(5)
        installation.sync(installation.databases[0])
        assert holds(installation).count("delta") == 1, holds(installation)
        assert "database is followed again" in installation.daemon.output()
        check_newest(installation, writer, "newest.db")
        assert workload.check(restored(installation, "kept.db", "--txid", str(before))).digest == kept.digest
        installation.stop()


def is_unhindered(writer):
    """Nobody's locks are in the way of its checkpoint; its own full disk may be."""
    try:
        return writer.checkpoint("RESTART")[0] == 0
    except sqlite3.OperationalError as full:
        assert "full" in str(full), full
        return True


def test_full_disk_of_the_database_is_not_made_worse(folder):
    with disks.small_disk(os.path.join(folder, "data"), 24 * MIB) as data:
        path = os.path.join(data, "app.db")
        installation, writer = followed(folder, path, [file_replica(os.path.join(folder, "replica"))])
        filler = disks.Filler(data, leave=MIB)
        refused = 0

        def fills():
            nonlocal refused
            try:
                writer.transaction(20)
            except sqlite3.OperationalError as full:
                assert "full" in str(full), full
                refused += 1
            return status(installation)["error"]
        wait_until(fills, "the daemon to say that the disk is full")
        error = status(installation)["error"]
        assert error["code"] == "no space", error
        # Whatever the application may have been refused when the last room went: it goes on in the room that its log has.
        wait_until(lambda: "was let go" in str(status(installation)["error"]), "the log to be let go",
                   progress=lambda: fills() and len(writer.points))
        wait_until(lambda: is_unhindered(writer), "a checkpoint that nobody hinders")
        filler.let_go()
        writer.transactions(20)
        wait_for(installation, "live")
        installation.sync(installation.databases[0])
        check_newest(installation, writer, "newest.db")
        installation.stop()
        check_attach(installation, writer, data)


def check_attach(installation, writer, data):
    """Nothing can be created on a full disk; the database is followed as soon as there is room."""
    writer.transaction()
    digest = writer.points[-1].digest
    writer.close()
    filler = disks.Filler(data)
    installation.start()
    wait_until(lambda: status(installation)["error"], "the daemon to say why it does not follow")
    filler.let_go()
    wait_for(installation, "live")
    installation.sync(installation.databases[0])
    assert workload.check(restored(installation, "attached.db")).digest == digest
    installation.stop()


def files_below(folder):
    return sorted(os.path.join(path, name) for path, _, names in os.walk(folder) for name in names)


def test_full_disk_of_a_replica_delays_no_other_and_heals(folder):
    with disks.small_disk(os.path.join(folder, "small"), 2 * MIB) as small:
        small_replica = os.path.join(small, "replica")
        replicas = [file_replica(small_replica, "small"), file_replica(os.path.join(folder, "large"), "large")]
        installation, writer = followed(folder, os.path.join(folder, "app.db"), replicas)
        path = installation.databases[0].path
        filler = disks.Filler(small)
        held = files_below(small_replica)
        writer.transactions(10)
        error = wait_for_replica(installation, "small", "failing")["error"]
        assert "No space left on device" in error["message"] and small in error["message"], error
        for _ in range(5):
            writer.transaction()
            installation.streamctl("sync", path, "--wait", "--replica", "large", "--timeout", "120s").expect(0)
        assert status(installation)["state"] == "live"
        check_newest(installation, writer, "large.db", "--replica", "large")
        assert files_below(small_replica) == held, "something is left of what failed"
        filler.let_go()
        installation.sync(installation.databases[0])
        wait_for_replica(installation, "small", "ok")
        assert set(holds(installation)) == {"all"}
        check_newest(installation, writer, "small.db", "--replica", "small")
        names = {os.path.basename(name) for name in files_below(small_replica)}
        assert not [name for name in names if "tmp" in name], names
        installation.stop()


def log_identity(path):
    with open(path + "-wal", "rb") as log:
        return log.read(24)[16:]


def test_above_the_soft_limit_the_log_of_a_writer_that_never_pauses_begins_anew(folder):
    path = os.path.join(folder, "app.db")
    installation, writer = followed(folder, path, [file_replica(os.path.join(folder, "replica"))],
                                    {"wal-soft-limit": "256KiB"})
    writer.connection.execute("PRAGMA wal_autocheckpoint=0")  # only streamd hands the log back
    seen = {log_identity(path)}

    def restarted():
        writer.transactions(5)
        seen.add(log_identity(path))
        return len(seen) > 4
    wait_until(restarted, "the log to be restarted", progress=lambda: len(seen))
    installation.sync(installation.databases[0])
    check_newest(installation, writer, "newest.db")
    installation.stop()


if __name__ == "__main__":
    case.run(globals())
