"""Two daemons on one replica: the older one notices and stops, nothing is overwritten, and who is asked decides."""
import os
import re
import shutil
import time

from harness import case, workload
from harness.daemon import Database, Installation, file_replica
from harness.waiting import wait_until


class Machine:
    """A machine of its own as far as two daemons can tell: another folder, the same replica."""

    def __init__(self, folder, name, replicas=None, seed=1, **settings):
        self.folder = os.path.join(folder, name)
        os.mkdir(self.folder)
        self.path = os.path.join(self.folder, "app.db")
        replicas = replicas or [file_replica(os.path.join(folder, "replica"))]
        self.database = Database(self.path, replicas, settings)
        self.installation = Installation(self.folder, [self.database], streamd={"shutdown-timeout": "5s"})
        self.seed = seed

    def writer(self):
        return workload.Writer(self.path, seed=self.seed)

    def start(self, *arguments):
        self.installation.start(*arguments)

    def sync(self):
        return self.installation.sync(self.database)

    def try_sync(self, *arguments):
        return self.installation.streamctl("sync", self.path, "--wait", "--timeout", "60s", *arguments)

    def restore(self):
        self.installation.streamctl("restore", self.path).expect(0)

    def adopt(self, which):
        return self.installation.streamctl("adopt", self.path, which, "--json")

    def replica_status(self):
        return self.installation.streamctl("status", "--json").expect().json["databases"][0]["replicas"][0]

    def newest(self, name):
        out = os.path.join(self.folder, name)
        self.installation.restore(self.database, out).expect(0)
        return workload.check(out)


def objects(folder):
    """Every object of the replica and its content."""
    found = {}
    for place, _, names in os.walk(os.path.join(folder, "replica")):
        for name in names:
            path = os.path.join(place, name)
            if "/.streamd" not in path:  # uploads under way
                with open(path, "rb") as content:
                    found[os.path.relpath(path, folder)] = content.read()
    return found


def claims(folder):
    """How many claims there are."""
    writers = os.path.join(folder, "replica", "writers")
    names = os.listdir(writers) if os.path.isdir(writers) else []
    return len([name for name in names if re.fullmatch("[0-9a-f]{8}[.]json", name)])


def until_taken_over(machine, writer):
    """Commits go on until a sync is refused because another writer is there; they may pass for some seconds."""
    def refused():
        writer.transactions(1)
        outcome = machine.try_sync()
        return outcome.code != 0 and outcome.expect(15)
    wait_until(refused, "the other writer to be noticed")


def assert_kept(before, folder):
    now = objects(folder)
    changed = [name for name, content in before.items() if now.get(name) != content]
    assert not changed, f"overwritten or deleted: {changed}"


def backed_up(folder, **settings):
    """A machine with a backup, its daemon running."""
    old = Machine(folder, "old", **settings)
    writer = old.writer()
    writer.transactions(5)
    old.start()
    old.sync()
    return old, writer


def test_a_new_machine_takes_over_while_the_old_daemon_runs(folder):
    own = file_replica(os.path.join(folder, "own"), "own")
    old, writer = backed_up(folder, replicas=[file_replica(os.path.join(folder, "replica")), own])
    new = Machine(folder, "new", seed=2)
    new.restore()
    new.start()
    again = new.writer()
    again.transactions(3)
    new.sync()
    generations = new.installation.streamctl("generations", new.path, "--json").expect().json["generations"]
    assert len(generations) == 1 and generations[0]["snapshots"] == 1, generations  # no new upload
    before = objects(folder)
    point = writer.transactions(1)
    wait_until(lambda: old.replica_status()["state"] == "taken over", "the old daemon to notice")
    refused = old.try_sync("--replica", "folder").expect(15)
    assert new.path in refused.stderr and "hint:" in refused.stderr, refused.stderr
    old.try_sync().expect(15)
    old.try_sync("--replica", "own").expect(0)  # its other replica goes on
    status = old.replica_status()
    assert status["error"]["exit_code"] == 15, status
    shown = old.installation.streamctl("status").expect().stdout
    assert "taken over" in shown and "hint:" in shown, shown
    log = old.installation.daemon.output()
    assert log.count("replica was taken over") == 1, log
    assert_kept(before, folder)
    assert set(objects(folder)) == set(before)
    old.installation.stop(15)
    assert workload.check(old_restored(old, "own")).digest == point.digest
    last = again.transactions(1)
    new.sync()
    new.installation.stop()
    assert new.newest("out.db").digest == last.digest


def old_restored(machine, replica):
    out = os.path.join(machine.folder, "from-" + replica + ".db")
    machine.installation.restore(machine.database, out, "--replica", replica).expect(0)
    return out


def test_writers_that_both_write_all_the_time_are_told_apart(folder):
    old, writer = backed_up(folder)
    new = Machine(folder, "new", seed=2)
    new.restore()
    new.start()
    again = new.writer()
    for _ in range(60):  # both keep writing until the claim is noticed, or the new one finds a fork and asks
        writer.transactions(1)
        again.transactions(1)
        time.sleep(0.1)
    states = {old.replica_status()["state"], new.replica_status()["state"]}
    assert "taken over" in states or "refused" in states, states
    working = [machine for machine in (old, new) if machine.try_sync().code == 0]
    assert len(working) <= 1, states
    before = objects(folder)
    for machine in (old, new):
        if machine not in working:
            assert machine.try_sync().code in (14, 15)
    for machine in (old, new):
        machine.installation.kill()
    new.adopt("local").expect(0)
    assert_kept(before, folder)
    assert new.newest("out.db").digest == again.points[-1].digest


def test_an_old_machine_that_comes_back_stays_away(folder):
    old, writer = backed_up(folder)
    old.installation.stop()
    new = Machine(folder, "new", seed=2)
    new.restore()
    new.start()
    again = new.writer()
    again.transactions(2)
    new.sync()
    before = objects(folder)
    writer.transactions(2)
    assert old.installation.run_once("--once").code == 15
    old.start()
    old.try_sync().expect(15)
    old.installation.stop(15)
    assert_kept(before, folder)
    assert set(objects(folder)) == set(before)
    # The old one is chosen: the new one stops.
    chosen = old.adopt("local").expect(0).json
    assert chosen["adopted"] == "local", chosen
    assert_kept(before, folder)
    until_taken_over(new, again)
    new.installation.stop(15)
    assert old.newest("out.db").digest == writer.points[-1].digest
    # And back again: the replica is right on the new machine.
    again.close()
    kept = new.adopt("replica").expect(0).json["moved_away"]
    assert any(".before-restore-" in path for path in kept), kept
    assert workload.check(new.path).digest == writer.points[-1].digest
    new.start()
    new.sync()
    new.installation.stop()


def test_another_database_without_local_state_is_refused(folder):
    old, writer = backed_up(folder)
    other = Machine(folder, "other", seed=9)
    point = other.writer().transactions(3)
    before = objects(folder)
    refused = other.installation.run_once("--once").expect(14)
    assert old.path in refused.stderr and "streamctl adopt" in refused.stderr, refused.stderr
    other.start()
    other.try_sync().expect(14)
    other.installation.stop(14)
    assert objects(folder) == before
    point_before = writer.transactions(1)
    old.sync()  # it never noticed anything
    old.installation.stop()
    before = objects(folder)
    run = other.installation.run_once("--once", "--adopt", "local")
    assert run.code == 0, run.stderr
    assert_kept(before, folder)
    assert other.newest("out.db").digest == point.digest
    past = os.path.join(folder, "past.db")
    generation = claims_generation(old)
    other.installation.restore(other.database, past, "--generation", generation).expect(0)
    assert workload.check(past).digest == point_before.digest


def claims_generation(machine):
    rows = machine.installation.streamctl("generations", machine.path, "--json").expect().json["generations"]
    return sorted(row["generation"] for row in rows)[0]


def test_killed_between_claim_and_first_object(folder):
    replica = os.path.join(folder, "replica")
    slow = [file_replica(replica, **{"bandwidth-limit": "2KiB"})]  # a claim passes, a snapshot takes its time
    machine = Machine(folder, "one", replicas=slow)
    writer = machine.writer()
    point = writer.transactions(100)
    machine.start()
    wait_until(lambda: claims(folder) == 1, "the claim")
    machine.installation.kill()
    assert not any("/generations/" in name for name in objects(folder)), objects(folder).keys()
    machine = again_without_limit(machine)
    machine.start()
    machine.sync()
    for _ in range(3):
        machine.installation.kill()
        point = writer.transactions(2)
        machine.start()
        machine.sync()
    assert claims(folder) == 1
    machine.installation.stop()
    assert machine.newest("out.db").digest == point.digest


def again_without_limit(machine):
    del machine.database.replicas[0]["bandwidth-limit"]
    machine.installation.write_config({}, {})
    return machine


def test_lost_local_state_needs_no_question(folder):
    machine, writer = backed_up(folder)
    machine.installation.kill()
    shutil.rmtree(os.path.join(machine.folder, ".app.db-streamd"))
    point = writer.transactions(2)
    before = objects(folder)
    machine.start()
    machine.sync()
    machine.installation.stop()
    assert_kept(before, folder)
    assert claims(folder) == 2
    assert machine.newest("out.db").digest == point.digest


def test_an_older_disk_asks(folder):
    machine, writer = backed_up(folder)
    machine.installation.stop()
    writer.close()
    shutil.copytree(machine.folder, os.path.join(folder, "image"))
    writer = machine.writer()
    machine.start()
    newest = writer.transactions(4)
    machine.sync()
    machine.installation.stop()
    writer.close()
    shutil.rmtree(machine.folder)
    os.rename(os.path.join(folder, "image"), machine.folder)
    before = objects(folder)
    refused = machine.installation.run_once("--once").expect(14)
    assert "an older disk came back" in refused.stderr and "streamctl adopt" in refused.stderr, refused.stderr
    assert objects(folder) == before
    machine.adopt("replica").expect(0)
    assert workload.check(machine.path).digest == newest.digest
    machine.start()
    machine.sync()
    machine.installation.stop()
    assert_kept(before, folder)


def test_takeover_lets_the_last_one_win(folder):
    old, writer = backed_up(folder, takeover=True)
    old.installation.stop()
    new = Machine(folder, "new", seed=2, takeover=True)
    new.restore()
    new.start()
    new.sync()
    point = writer.transactions(1)
    old.start()
    old.sync()
    until_taken_over(new, new.writer())
    new.installation.stop(15)
    old.installation.stop()
    assert old.newest("out.db").digest == point.digest


if __name__ == "__main__":
    case.run(globals())
