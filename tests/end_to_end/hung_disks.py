"""A disk hangs: of the local state, of a replica. The application goes on, it is said within seconds by a status that does
not hang with it, and when the disk is back nothing is missing."""
import os

from harness import case, disks
from harness.daemon import file_replica
from harness.waiting import wait_until
from end_to_end.full_disks import check_newest, followed, holds, status, wait_for, wait_for_replica

MIB = 1 << 20


def commits_until(writer, happened):
    """Commits all the time until `happened()`; none is refused, and none waits for the disk that hangs."""
    def turn():
        writer.transaction()
        return happened()
    before = len(writer.points)
    found = wait_until(turn, "what is waited for while an application writes")
    assert len(writer.points) > before
    return found


def test_state_disk_hangs_the_application_goes_on_and_status_says_stuck(folder):
    database = os.path.join(folder, "app.db")
    with disks.hanging_disk(os.path.join(folder, "state"), 64 * MIB) as disk:
        installation, writer = followed(folder, database, [file_replica(os.path.join(folder, "replica"))], {},
                                        {"state-dir": disk.path})
        disk.freeze()
        stuck = commits_until(writer, lambda: status(installation)["state"] == "stuck" and status(installation))
        assert stuck["error"]["code"] == "timeout" and disk.path in stuck["error"]["hint"], stuck
        assert "capture makes no progress" in installation.daemon.output()
        disk.thaw()
        wait_for(installation, "live")
        installation.sync(installation.databases[0])
        assert set(holds(installation)) == {"all"}
        check_newest(installation, writer, "newest.db")
        installation.stop()


def test_replica_disk_hangs_another_replica_goes_on_and_the_silence_is_said(folder):
    database = os.path.join(folder, "app.db")
    with disks.hanging_disk(os.path.join(folder, "far"), 64 * MIB) as disk:
        installation, writer = followed(folder, database, [file_replica(os.path.join(folder, "near"), "near"),
                                                           file_replica(os.path.join(disk.path, "r"), "far")])

        def replica(name):
            return next(each for each in status(installation)["replicas"] if each["name"] == name)
        disk.freeze()
        silent = commits_until(writer, lambda: replica("far")["state"] == "silent" and replica("far"))
        assert "nothing has been finished on replica far" in silent["error"]["message"], silent
        near = replica("near")
        assert near["state"] == "ok" and near["txid"] > silent["txid"], (near, silent)
        assert "replica is silent" in installation.daemon.output()
        refused = installation.streamctl("sync", database, "--wait", "--timeout", "1s")
        assert refused.code == 20 and "replica far" in refused.stderr, refused
        disk.thaw()
        installation.sync(installation.databases[0])
        wait_for_replica(installation, "far", "ok")
        assert set(holds(installation)) == {"all"}
        for name in ("near", "far"):
            check_newest(installation, writer, name + ".db", "--replica", name)
        installation.stop()


if __name__ == "__main__":
    case.run(globals())
