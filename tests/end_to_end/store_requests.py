"""What an object store is asked for, counted by the store: requests cost money. And how much memory an upload takes."""
import os
import time

from harness import case, processes
from harness.store_scene import BUCKET, Scene
from harness.waiting import wait_until

MOST_MEMORY = 64 << 20  # docs/providers.md
WRITES = ("put_object", "begin_upload", "put_part", "complete_upload", "abort_upload", "delete_object", "delete_objects")


def counted(scene, work):
    """Requests by kind while `work()` runs."""
    before = scene.server.counts()
    work()
    return scene.server.counts() - before


def writes(counts):
    return sum(counts[kind] for kind in WRITES)


def quiet(scene):
    """Waits until the daemon has nothing to do any more: no request for a second."""
    def still():
        before = len(scene.server.requests)
        time.sleep(1)
        return len(scene.server.requests) == before
    wait_until(still, "the daemon to come to rest", progress=lambda: len(scene.server.requests))


def test_idle_costs_nothing(folder):
    scenes = [Scene(os.path.join(folder, dialect), dialect) for dialect in ("aws", "spaces")]
    for scene in scenes:
        scene.installation.start()
        scene.writer.transactions(5)
        scene.sync()
        quiet(scene)
    before = [scene.server.counts() for scene in scenes]
    time.sleep(4)  # longer than any interval of this configuration
    assert before == [scene.server.counts() for scene in scenes], [scene.server.counts() for scene in scenes]
    for scene in scenes:
        assert not counted(scene, scene.status), "status asks the daemon, not the store"
        assert not counted(scene, scene.installation.stop), "everything was there already"


def test_commits_and_restores(folder):
    """A sync is one put, and at most one look at who writes here; without if-absent two. A restore reads each object once."""
    for dialect, looks in (("aws", {"head_object": 1}), ("spaces", {"head_object": 1, "get_object": 1})):
        scene = Scene(os.path.join(folder, dialect), dialect, **{"merge-size": "0B"})
        scene.installation.start()
        scene.sync()
        syncs = 10
        for _ in range(syncs):
            began = time.monotonic()
            asked = counted(scene, lambda: (scene.writer.transactions(3), scene.sync()))
            intervals = int((time.monotonic() - began) / 0.1)  # that ended meanwhile: each may send what is there
            assert writes(asked) == asked["put_object"] <= 1 + max(1, intervals), asked
            assert all(asked[kind] <= looks.get(kind, 0) for kind in asked if kind != "put_object"), asked
        quiet(scene)
        objects = len([key for key in scene.bucket.objects if "/generations/" in key])
        asked = counted(scene, scene.restore)
        assert asked["list_objects"] <= 2 and writes(asked) <= 1, asked  # the one asks for if-absent
        assert asked["get_object"] + asked["head_object"] <= 3 * objects + 2, (asked, objects)
        scene.installation.stop()


def test_merging_six_objects(folder):
    """What syncs cost more with merging: one put for six of them, and a look at what was put."""
    scene = Scene(folder, "aws")
    scene.installation.start()
    scene.sync()

    def syncs():
        for _ in range(13):
            scene.writer.transactions(1)
            scene.sync()
        wait_until(lambda: any("/segments/1/" in key for key in scene.bucket.objects), "a merged object")
        quiet(scene)

    asked = counted(scene, syncs)
    merges = len([key for key in scene.bucket.objects if "/segments/1/" in key])
    assert 1 <= merges <= 2, scene.bucket.objects.keys()
    assert writes(asked) == asked["put_object"] <= 26 + merges, asked
    assert asked["get_object"] <= 2 * merges and asked["head_object"] <= 13 + merges, asked
    assert not asked["list_objects"], asked
    scene.installation.stop()


def test_ten_thousand_objects_are_listed_in_eleven_requests(folder):
    """In an old generation, of which no snapshot is there any more."""
    scene = Scene(folder)
    scene.installation.start()
    scene.sync()
    scene.installation.stop()
    for number in range(1, 10_001):
        scene.bucket.put(f"app/generations/0000000000000001/segments/0/{number:016x}-{number:016x}-20200101T000000000Z.all", b"x")
    asked = counted(scene, lambda: scene.installation.streamctl("segments", scene.database.path).expect(0))
    assert asked["list_objects"] <= 11 and not asked["get_object"] and not asked["head_object"], asked
    asked = counted(scene, lambda: scene.installation.streamctl("generations", scene.database.path).expect(0))
    assert asked["list_objects"] <= 11 and asked["get_object"] <= 5, asked
    rows = scene.installation.streamctl("segments", scene.database.path, "--json").expect(0).json["segments"]
    assert len([row for row in rows if row["generation"] == "0000000000000001"]) == 10_000


def test_memory_of_a_snapshot(folder):
    """With all settings as they are when nobody sets them; an upload in one piece, and one in parts."""
    for dialect in ("aws", "spaces"):
        scene = Scene(os.path.join(folder, dialect), dialect, large=96, **{"part-size": "16MiB", "idle-timeout": "30s"})
        scene.installation.start()
        scene.sync()
        peak = processes.peak_memory(scene.installation.daemon.pid)
        print(f"{dialect}: peak memory {peak >> 20} MiB", flush=True)
        assert peak <= MOST_MEMORY, f"the daemon used {peak >> 20} MiB"
        scene.installation.stop()
        scene.server.stop()
        assert scene.server.buckets[BUCKET].objects


if __name__ == "__main__":
    case.run(globals())
