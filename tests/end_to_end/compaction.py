"""A replica that is compacted while its database lives: few objects, and every moment comes back."""
import datetime
import itertools
import os
import re

from harness import case, workload
from harness.daemon import Database, Installation, file_replica
from harness.waiting import wait_until
from end_to_end.installed import restored

names = itertools.count()  # of restored files


def compacting(folder, **settings):
    path = os.path.join(folder, "app.db")
    writer = workload.Writer(path)
    settings = {"sync-interval": "10ms", "prune-grace": "1s", **settings}
    replica = file_replica(os.path.join(folder, "replica"), **settings)
    return Installation(folder, [Database(path, [replica])]), writer


def segments(folder):
    """Level -> number of objects, by the files there are."""
    counts = {}
    for where, _, names in os.walk(os.path.join(folder, "replica", "generations")):
        level = os.path.basename(where)
        if os.path.basename(os.path.dirname(where)) == "segments" and names:
            counts[int(level)] = len(names)
    return counts


def write(installation, writer, times, points):
    """Transactions of one object each; which one was which is remembered."""
    for _ in range(times):
        writer.transactions(1)
        synced = installation.streamctl("sync", installation.databases[0].path, "--wait", "--json").expect().json
        points.append((synced["txid"], writer.points[-1]))


def assert_moments(installation, points, step):
    for txid, point in points[::step] + points[-1:]:
        found = workload.check(restored(installation, f"moment-{next(names)}.db", "--txid", str(txid)))
        assert (found.number, found.digest) == (point.number, point.digest), txid


def test_many_syncs_become_few_objects(folder):
    installation, writer = compacting(folder)
    installation.start()
    points = []
    write(installation, writer, 90, points)
    compacted = installation.streamctl("compact", installation.databases[0].path).expect().stdout
    told = r"folder: (nothing to do|\d+ objects merged into \d+ \(\d+ bytes\), \d+ removed \(\d+ bytes\))\n$"
    assert re.match(told, compacted), compacted
    counts = segments(folder)
    assert counts.get(2, 0) >= 2, counts
    assert_moments(installation, points, 13)
    done = installation.streamctl("status", "--json").expect().json["databases"][0]["replicas"][0]
    assert done["upkeep"]["merges"] >= 14 and done["upkeep_error"] is None, done
    # By time: the moment in the middle, as it was shown.
    middle = points[45]
    when = datetime.datetime.fromtimestamp(middle[1].time + 0.002, datetime.timezone.utc).isoformat()
    found = workload.check(restored(installation, "by-time.db", "--timestamp", when))
    assert abs(found.number - middle[1].number) <= 1, (found, middle)
    installation.stop()
    assert re.search(r"merged .*level=1 objects=6 bytes=", installation.daemon.output()), "one line a merge"
    assert_moments(installation, points, 29)


def test_superfluous_objects_go_after_the_grace_and_never_without_prune(folder):
    installation, writer = compacting(folder)
    installation.start()
    points = []
    write(installation, writer, 30, points)
    wait_until(lambda: segments(folder).get(0, 0) <= 6, "objects that a merged one replaces to go")
    assert_moments(installation, points, 7)
    installation.stop()
    kept = os.path.join(folder, "kept")
    os.mkdir(kept)
    installation, writer = compacting(kept, **{"prune": False, "prune-grace": "0s"})
    installation.start()
    points = []
    write(installation, writer, 20, points)
    installation.streamctl("compact", "app.db").expect()
    counts = segments(kept)
    assert counts[0] >= 19 and counts[1] >= 2, counts
    installation.stop()


def test_killed_again_and_again(folder):
    installation, writer = compacting(folder, **{"prune-grace": "0s"})
    points = []
    for _ in range(5):
        installation.start()
        write(installation, writer, 13, points)
        installation.kill()
    installation.start()
    installation.streamctl("compact", "app.db").expect()
    assert sum(segments(folder).values()) <= 16, segments(folder)
    assert_moments(installation, points, 5)
    installation.stop()


def test_once_compacts_too(folder):
    installation, writer = compacting(folder, **{"prune-grace": "0s"})
    installation.start()
    installation.stop()
    for _ in range(14):
        writer.transactions(1)
        installation.run_once("--once").expect()
    counts = segments(folder)
    assert counts.get(1, 0) >= 2 and counts[0] <= 8, counts
    found = workload.check(restored(installation, "newest.db"))
    assert found.digest == writer.points[-1].digest


def test_without_a_daemon_it_says_so(folder):
    installation, _ = compacting(folder)
    outcome = installation.streamctl("compact", "app.db").expect(50)
    assert "hint:" in outcome.stderr, outcome.stderr
    installation.start()
    outcome = installation.streamctl("compact", "other.db").expect(2)
    assert "the daemon has no database" in outcome.stderr, outcome.stderr
    installation.stop()


if __name__ == "__main__":
    case.run(globals())
