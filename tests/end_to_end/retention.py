"""What `streamctl prune` keeps and removes, and what a person sees of it."""
import os
import time

from harness import case, workload
from end_to_end.installed import replicated, restored

SHORT = {"sync-interval": "50ms", "snapshot-interval": "1s", "retention": "4s", "prune-grace": "1s"}


def write_for(installation, writer, seconds):
    """Transactions all the time; what was written, with the transaction that holds it."""
    points = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        writer.transactions(2)
        synced = installation.streamctl("sync", "app.db", "--wait", "--json").expect(0)
        points.append((synced.json["txid"], writer.points[-1]))
        time.sleep(0.1)
    return points


def generation_of(installation):
    replicas = installation.streamctl("timeline", "app.db", "--json").expect(0).json["replicas"]
    assert len(replicas) == 1 and len(replicas[0]["generations"]) == 1, replicas
    return replicas[0]["generations"][0]


def check_window(installation, points):
    """The newest moment and the oldest that is kept come back; what is older says what is kept."""
    first = generation_of(installation)["spans"][0]
    assert first["first_txid"] > points[0][0], f"nothing was removed: {first}"
    kept = [point for point in points if point[0] >= first["first_txid"]]
    for txid, point in (kept[0], kept[len(kept) // 2], kept[-1]):
        # A name of its own: another look may be at the same moment.
        name = f"at-{txid}-{time.monotonic_ns()}.db"
        found = workload.check(restored(installation, name, "--txid", str(txid)))
        assert (found.number, found.digest) == (point.number, point.digest)
    for option in (("--txid", str(points[0][0])), ("--timestamp", "1 day ago")):
        out = os.path.join(installation.folder, "none.db")
        refused = installation.restore(installation.databases[0], out, *option).expect(12)
        assert f"the oldest moment is txid {first['first_txid']} (" in refused.stderr, refused.stderr
        assert not os.path.exists(out)


def test_what_is_pruned_and_what_comes_back(folder):
    installation, writer = replicated(folder, defaults={**SHORT, "prune": "external"})
    installation.start()
    points = write_for(installation, writer, 8)
    installation.stop()
    before = generation_of(installation)
    assert before["spans"][0]["first_txid"] <= points[0][0], "the daemon has removed something"
    looked = installation.streamctl("prune", "app.db", "--dry-run").expect(0).stdout
    assert ": older than the retention, and no rule of keep holds it\n" in looked, looked
    assert "replica folder: would remove " in looked and generation_of(installation) == before
    pruned = installation.streamctl("prune", "app.db", "--json").expect(0).json["replicas"][0]
    assert pruned["removed"] > 0 and pruned["refused"] == [] and not pruned["dry_run"], pruned
    check_window(installation, points)
    again = installation.streamctl("prune", "app.db").expect(0).stdout
    assert "replica folder: removed " in again, again
    installation.start()
    points += write_for(installation, writer, 1)
    installation.stop()
    check_window(installation, points)


def test_what_is_asked_in_vain(folder):
    installation, writer = replicated(folder, defaults={"prune": False})
    writer.transactions(3)
    installation.run_once("--once").expect(0)
    refused = installation.streamctl("prune", "app.db").expect(2)
    assert "replica folder has prune = false" in refused.stderr, refused.stderr
    installation.streamctl("prune", "app.db", "--dry-run").expect(0)
    url = "file://" + os.path.join(folder, "replica")
    refused = installation.streamctl("prune", url).expect(2)
    assert "add ?retention=30d to it" in refused.stderr, refused.stderr
    looked = installation.streamctl("prune", url + "?retention=30d", "--dry-run").expect(0).stdout
    assert "keep    streamd.json" in looked, looked
    assert "no replica named x" in installation.streamctl("prune", "app.db", "--replica", "x").expect(2).stderr
    nothing = installation.streamctl("timeline", "file://" + os.path.join(folder, "nowhere")).expect(10)
    assert "there is no backup of" in nothing.stderr, nothing.stderr


def test_the_drawing(folder):
    installation, writer = replicated(folder)
    writer.transactions(3)
    installation.run_once("--once").expect(0)
    os.environ["LC_ALL"] = "C"
    drawn = installation.streamctl("timeline", "app.db").expect(0).stdout
    lines = drawn.splitlines()
    assert lines[0] == "replica folder" and lines[1].startswith("generation "), drawn
    assert any(line.startswith("  restorable ") and "#" in line for line in lines), drawn
    assert drawn.isascii() and max(map(len, lines)) <= 80, drawn
    os.environ["LC_ALL"] = "C.UTF-8"
    assert "█" in installation.streamctl("timeline", "app.db").expect(0).stdout


if __name__ == "__main__":
    case.run(globals())
