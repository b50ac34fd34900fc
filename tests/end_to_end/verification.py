"""Replicas prove themselves: verify, repair, and the daemon's restore drills, with the real programs."""
import glob
import json
import os
import shutil
import subprocess
import time

from harness import case, damage, workload
from harness.daemon import Database, Installation, file_replica
from harness.waiting import wait_until


def installation(folder, replicas=("one", "two"), **settings):
    path = os.path.join(folder, "app.db")
    writer = workload.Writer(path)
    database = Database(path, [file_replica(os.path.join(folder, name), name, **settings) for name in replicas])
    return Installation(folder, [database]), writer, database


def history(folder, **settings):
    """Two replicas with a snapshot and some segments, cut alike; the daemon has ended."""
    made, writer, database = installation(folder, **settings)
    made.start()
    for _ in range(5):  # six would be merged
        writer.transactions(1)
        made.sync(database)
    made.stop()
    writer.close()
    return made, database


def objects(folder, replica, suffix):
    return damage.files(os.path.join(folder, replica, "generations"), suffix)


def verify(made, *arguments, code=0):
    rows = made.streamctl("verify", "app.db", "--json", *arguments).expect(code).json["replicas"]
    return {row["replica"]: row for row in rows}


def leftovers(folder):
    return glob.glob(os.path.join(folder, ".app.db-streamd", "drill*"))


def test_a_whole_replica_is_read_once_and_proven(folder):
    made, database = history(folder)
    first = verify(made, "--deep")
    for row in first.values():
        assert row["objects_read"] == row["objects"] > 3 and not row["findings"] and row["newest_is_whole"], row
        assert row["deep"]["txid"] >= 5, row
    assert all(row["objects_read"] == 0 for row in verify(made).values())
    assert all(row["objects_read"] == row["objects"] for row in verify(made, "--all").values())
    assert not leftovers(folder)
    status = made.streamctl("status", "--json").expect(0).json["databases"][0]["replicas"]
    assert all(replica["proven_txid"] == first[replica["name"]]["deep"]["txid"] for replica in status), status
    assert "PROVEN" in made.streamctl("status").expect(0).stdout
    text = made.streamctl("verify", "app.db", "--deep").expect(0).stdout
    assert "nothing is wrong" in text and "integrity check passed" in text, text


def test_a_budget_goes_on_where_it_stopped(folder):
    made, _ = history(folder)
    total = verify(made, "--budget", "1B")["one"]["objects"]
    left = [verify(made, "--budget", "1B")["one"]["objects_left"] for _ in range(total)]
    assert left == sorted(range(total - 1), reverse=True) + [0], left
    refused = made.streamctl("verify", "app.db", "--budget", "1").expect(2)
    assert "hint" in refused.stderr, refused.stderr


def test_a_url_is_verified_without_leaving_anything(folder):
    _, _ = history(folder)
    temporary = os.path.join(folder, "tmp")
    os.mkdir(temporary)
    streamctl = [case.program("streamctl"), "verify", "file://" + os.path.join(folder, "one"), "--deep", "--json"]
    done = subprocess.run(streamctl, capture_output=True, text=True, check=False,
                          env={**os.environ, "TMPDIR": temporary, "STREAMD_CONFIG": os.path.join(folder, "none")})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["replicas"][0]["deep"]["txid"] > 0
    assert not [name for _, _, names in os.walk(temporary) for name in names]
    shutil.rmtree(os.path.join(folder, "one"))
    done = subprocess.run(streamctl, capture_output=True, text=True, check=False)
    assert done.returncode in (10, 20), (done.returncode, done.stderr)


def test_damage_is_named_and_healed_from_the_other_replica(folder):
    made, database = history(folder)
    whole = verify(made)
    assert not whole["one"]["findings"] and not whole["two"]["findings"]
    segments = objects(folder, "two", ".all")
    damage.flip_bit(segments[1], 300)
    os.unlink(segments[2])
    outcome = made.streamctl("verify", "app.db").expect(30)
    assert os.path.basename(segments[1]) in outcome.stdout, outcome.stdout
    assert "streamctl repair app.db --from one --replica two" in outcome.stdout, outcome.stdout
    assert "cannot be restored: transaction" in outcome.stdout, outcome.stdout
    found = verify(made, code=30)
    assert not found["one"]["findings"] and found["two"]["findings"] and found["two"]["lost"], found
    planned = made.streamctl("repair", "app.db", "--from", "one", "--replica", "two", "--dry-run").expect(0).stdout
    assert "would copy" in planned and not os.path.exists(segments[2]), planned
    healed = made.streamctl("repair", "app.db", "--from", "one").expect(0).stdout
    assert "restorable again" in healed and "nothing is wrong" in healed, healed
    assert not verify(made, "--all", "--deep")["two"]["findings"]
    for segment in segments:
        other = segment.replace(os.path.join(folder, "two"), os.path.join(folder, "one"))
        with open(segment, "rb") as here, open(other, "rb") as there:
            assert here.read() == there.read(), segment
    made.streamctl("repair", "app.db", "--from", "one", "--replica", "one").expect(2)
    made.streamctl("repair", "app.db", "--from", "three").expect(2)


def test_a_damaged_snapshot_is_gone_around_and_named(folder):
    made, writer, database = installation(folder, ("one",))
    made.start()
    for _ in range(2):
        writer.transactions(2)
        made.sync(database)
        made.streamctl("snapshot", "app.db").expect(0)
    made.stop()
    writer.close()
    verify(made)
    snapshots = objects(folder, "one", ".snap")
    assert len(snapshots) > 1, snapshots
    rotten = snapshots[-1]
    times = os.stat(rotten)
    damage.flip_bit(rotten, 300)
    os.utime(rotten, ns=(times.st_atime_ns, times.st_mtime_ns))  # no listing shows it
    name = os.path.basename(rotten)
    out = os.path.join(folder, "out.db")
    restored = made.streamctl("restore", "app.db", "-o", out).expect(0)
    assert name in restored.stdout + restored.stderr and "restored without it" in restored.stdout, restored.stdout
    assert not verify(made)["one"]["findings"]
    row = verify(made, "--deep", code=30)["one"]
    assert row["deep"]["error"] is None and row["deep"]["damaged"] == ["generations/" + rotten.split("/generations/")[1]], row
    row = verify(made, code=30)["one"]  # doubted, and read again
    assert [os.path.basename(finding["object"]) for finding in row["findings"]] == [name] and not row["lost"], row


def test_a_replica_that_stopped_does_not_stand_in_for_a_damaged_one(folder):
    made, writer, database = installation(folder)
    made.start()
    for step in range(5):
        if step == 2:
            shutil.copytree(os.path.join(folder, "two"), os.path.join(folder, "old"))
        writer.transactions(2)
        made.sync(database)
    made.stop()
    writer.close()
    shutil.rmtree(os.path.join(folder, "two"))
    os.rename(os.path.join(folder, "old"), os.path.join(folder, "two"))
    for path in objects(folder, "one", ""):  # all that hold transaction 8, merged ones too
        first, last = (int(part, 16) for part in os.path.basename(path).split("-")[:2]) if "/segments/" in path else (0, 0)
        if first <= 8 <= last:
            os.unlink(path)
    out = os.path.join(folder, "out.db")
    refused = made.streamctl("restore", "app.db", "-o", out).expect(30)
    assert "replica one" in refused.stderr and "--replica two" in refused.stderr, refused.stderr
    made.streamctl("restore", "app.db", "-o", out, "--replica", "two").expect(0)
    for name in ("app.db", "app.db-wal", "app.db-shm"):
        if os.path.exists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))
    shutil.rmtree(os.path.join(folder, ".app.db-streamd"))
    made.run_once("--once", "--restore-missing").expect(30)
    assert not os.path.exists(os.path.join(folder, "app.db"))


def test_what_nobody_has_is_said(folder):
    made, _ = history(folder)
    for replica in ("one", "two"):
        damage.truncate(objects(folder, replica, ".all")[0], -10)
    outcome = made.streamctl("verify", "app.db").expect(30)
    assert "no other replica has these moments" in outcome.stdout, outcome.stdout
    refused = made.streamctl("repair", "app.db", "--from", "one", "--replica", "two").expect(30)
    assert "cannot be repaired: transactions" in refused.stdout, refused.stdout


def test_repair_beside_a_running_daemon(folder):
    made, writer, database = installation(folder)
    made.start()
    for _ in range(4):  # the first snapshot may already hold some: what is taken away must lie between others
        writer.transactions(3)
        made.sync(database)
    os.unlink(objects(folder, "two", ".all")[0])
    assert verify(made, code=30)["two"]["lost"]
    made.streamctl("repair", "app.db", "--from", "one").expect(0)
    writer.transactions(3)
    made.sync(database)
    assert not verify(made)["two"]["findings"]
    made.stop()
    writer.close()


def replica_status(made, name="one"):
    replicas = made.streamctl("status", "--json").expect(0).json["databases"][0]["replicas"]
    return next(replica for replica in replicas if replica["name"] == name)


def test_drills_prove_the_newest_moment_and_say_what_is_broken(folder):
    made, writer, database = installation(folder, replicas=("one",), **{"verify-interval": "1s"})
    made.start()
    writer.transactions(4)
    made.sync(database)
    proven = wait_until(lambda: replica_status(made)["proven_txid"], "a restore drill")
    assert proven >= 1 and replica_status(made)["error"] is None, replica_status(made)
    made.sync(database)
    newest = replica_status(made)["txid"]
    wait_until(lambda: replica_status(made)["proven_txid"] == newest, "a drill of the newest moment")
    made.stop()
    assert not leftovers(folder)
    assert replica_status(made)["proven_txid"] == newest  # kept without a daemon
    open(os.path.join(folder, ".app.db-streamd", "drill.streamd-restore"), "wb").close()  # of a killed run
    for snapshot in objects(folder, "one", ".snap"):
        damage.flip_bit(snapshot, 300)
    made.start()
    wait_until(lambda: "restore drill failed" in made.daemon.output(), "a failing drill")
    assert "a new snapshot is taken" in made.daemon.output()
    writer.transactions(1)
    made.sync(database)
    wait_until(lambda: replica_status(made)["proven_txid"] > newest, "a snapshot in place of the broken one")
    made.stop()
    assert not leftovers(folder)
    writer.close()


def test_newest_moments_that_were_taken_away_are_said_and_replaced(folder):
    made, writer, database = installation(folder, replicas=("one",), **{"verify-interval": "1s"})
    made.start()
    for _ in range(3):
        writer.transactions(1)
        made.sync(database)
    newest = replica_status(made)["txid"]
    wait_until(lambda: replica_status(made)["proven_txid"] == newest, "a drill of the newest moment")
    for path in objects(folder, "one", ""):  # all that lead to the newest transaction
        last = os.path.basename(path).split("-")[0 if path.endswith(".snap") else 1]
        if not path.endswith(".part") and int(last, 16) == newest:
            os.unlink(path)
    wait_until(lambda: "nothing leads to it any more" in made.daemon.output(), "a failing drill")
    wait_until(lambda: "a new snapshot is taken" in made.daemon.output(), "a new snapshot")
    wait_until(lambda: replica_status(made)["error"] is None, "a drill without findings")
    assert replica_status(made)["proven_txid"] == newest, replica_status(made)
    made.stop()
    writer.close()


def test_damage_of_old_history_stays_an_error(folder):
    made, _, database = installation(folder, replicas=("one",), **{"verify-interval": "1s"})
    made.start()
    writer = workload.Writer(database.path)
    for _ in range(3):
        writer.transactions(1)
        made.sync(database)
    made.stop()
    damage.flip_bit(objects(folder, "one", ".all")[0], 300)
    made.streamctl("status").expect(0)
    made.start()
    failed = wait_until(lambda: replica_status(made)["error"], "a failing drill")
    assert failed["exit_code"] == 30 and "restore drill: " in failed["message"], failed
    made.kill()
    made.start()
    assert replica_status(made)["error"]["exit_code"] == 30  # known before the first drill of this life
    made.stop()
    writer.close()


def test_a_killed_drill_leaves_nothing_for_long(folder):
    made, writer, database = installation(folder, replicas=("one",), **{"verify-interval": "1s"})
    made.start()
    writer.transactions(4)
    made.sync(database)
    end = time.monotonic() + 3
    while time.monotonic() < end and not leftovers(folder):
        pass
    made.kill()
    made.start()
    writer.transactions(1)  # what is proven of this one was proven in this life
    made.sync(database)
    newest = replica_status(made)["txid"]
    wait_until(lambda: (replica_status(made)["proven_txid"] or 0) >= newest, "a drill in the next life")
    made.stop()
    assert not leftovers(folder)
    writer.close()


if __name__ == "__main__":
    case.run(globals())
