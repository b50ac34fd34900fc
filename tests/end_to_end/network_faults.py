"""A live database, its store, and a network between them that drops, resets, loses, fills up, goes away and crawls: while
the first snapshot is taken, while commits are sent, and while everything is restored."""
import os

from harness import case, network, processes
from harness.store_scene import Scene
from harness.waiting import wait_until

MEGABYTES = 8
IN_THE_MIDDLE = "quota over 2000000 bytes"
MOST_MEMORY = 64 << 20  # of the daemon, as docs/providers.md promises


def towards(scene):
    return f"tcp dport {scene.server.port}"


def back(scene):
    return f"tcp sport {scene.server.port}"


def struck(folder, first, sync, restore, words, dialect="aws"):
    """The whole life under one kind of fault: `first`, `sync` and `restore` make what is wrong in each phase."""
    scene = Scene(os.path.join(folder, "home"), dialect, large=MEGABYTES)
    with first(scene) as fault:
        scene.installation.start()
        wait_until(fault.packets, "the fault to strike the snapshot")
        scene.sees_trouble(*words)
    scene.is_well_again()
    with sync(scene) as fault:
        scene.writer.transactions(5)
        wait_until(fault.packets, "the fault to strike the sync")
        scene.sees_trouble(*words)
        assert scene.replica()["lag_transactions"] > 0
        scene.writer.transactions(5)
    scene.is_well_again()
    peak = processes.peak_memory(scene.installation.daemon.pid)
    assert peak <= MOST_MEMORY, f"the daemon used {peak >> 20} MiB"
    with restore(scene) as fault:
        child = scene.begin_restore()
        wait_until(fault.packets, "the fault to strike the restore")
        seen = fault.packets()
        wait_until(lambda: fault.packets() > seen or not child.running(), "the fault to strike again")
    assert child.wait() == 0, child.output()
    scene.restored()
    scene.installation.stop()
    scene.nothing_lost_or_doubled()
    scene.server.stop()


def test_dropped(folder):
    """Packets vanish from some point on: only the lack of progress tells."""
    struck(folder, lambda scene: network.Rules(f"{towards(scene)} {IN_THE_MIDDLE} counter drop"),
           lambda scene: network.Rules(f"{towards(scene)} counter drop"),
           lambda scene: network.Rules(f"{back(scene)} {IN_THE_MIDDLE} counter drop"), ("no byte moved for 1000 ms",))


def test_reset(folder):
    """Connections are reset, new ones too; the store has no if-absent and takes uploads in parts."""
    reset = "counter reject with tcp reset"
    struck(folder, lambda scene: network.Rules(f"{towards(scene)} {IN_THE_MIDDLE} {reset}"),
           lambda scene: network.Rules(f"{towards(scene)} {reset}"),
           lambda scene: network.Rules(f"{towards(scene)} numgen inc mod 30 == 29 {reset}"),
           ("reset", "onnect", "Send failure", "Recv failure"), dialect="spaces")


def test_the_interface_goes_away(folder):
    scene = Scene(os.path.join(folder, "home"), large=MEGABYTES)
    scene.installation.start()
    wait_until(lambda: scene.status()["state"] == "live", "the database to be followed")
    with network.Down():
        scene.writer.transactions(3)
        scene.sees_trouble("no byte moved", "onnect")
    scene.is_well_again()
    with network.Down():
        assert scene.begin_restore().wait() == 20  # unreachable, and nothing else
    scene.restore()
    scene.installation.stop()
    scene.nothing_lost_or_doubled()


def test_lossy(folder):
    """One packet of fifty is lost: slower, but no failure at all."""
    scene = Scene(os.path.join(folder, "home"), large=MEGABYTES)
    with network.Rules(f"{towards(scene)} numgen random mod 50 == 0 counter drop",
                       f"{back(scene)} numgen random mod 50 == 0 counter drop") as fault:
        scene.installation.start()
        for _ in range(10):
            scene.writer.transactions(2)
            scene.sync()
        scene.restore()
        assert fault.packets() > 0
    scene.installation.stop()
    scene.nothing_lost_or_doubled()


def test_slow_is_not_stalled(folder):
    """A link on which one object takes several times the idle timeout: nothing is given up, nothing is sent twice."""
    scene = Scene(os.path.join(folder, "home"), large=3)
    with network.Slow("10mbit"):
        scene.installation.start()
        scene.sync()
        scene.restore()
    puts = [request.key for request in scene.server.requests if request.kind == "put_object" and "probe" not in request.key]
    assert len(puts) == len(set(puts)), puts
    assert "is failing" not in scene.installation.daemon.output()
    scene.installation.stop()


if __name__ == "__main__":
    network.enter()
    case.run(globals())
