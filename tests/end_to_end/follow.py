"""A copy that `streamctl restore --follow` keeps current, under readers that judge every state they see."""
import json
import os
import sqlite3
import stat
import sys

from harness import case, processes, secrets, workload
from harness.copy_reader import look
from harness.daemon import Database, Installation, file_replica, run
from harness import compare
from harness.waiting import wait_until

SETTINGS = {"sync-interval": "10ms"}


class Followed:
    """A database that is replicated, and its copy."""

    def __init__(self, folder, **settings):
        self.folder = folder
        self.writer = workload.Writer(os.path.join(folder, "app.db"))
        replica = file_replica(os.path.join(folder, "replica"), **{**SETTINGS, **settings})
        self.installation = Installation(folder, [Database(self.writer.path, [replica])])
        self.copy = os.path.join(folder, "copy.db")
        self.url = f"file://{folder}/replica"
        self.lives = 0
        self.follower = None

    def command(self, *arguments):
        return [case.program("streamctl"), "restore", self.url, "-o", self.copy, "--follow", "--follow-interval", "100ms",
                "--json", *arguments]

    def follow(self, *arguments):
        self.lives += 1
        log = os.path.join(self.folder, f"follower-{self.lives}.log")
        self.follower = processes.Child(self.command(*arguments), log)
        return self.follower

    def events(self, kind=None):
        """Of the follower that runs, or ran last."""
        lines = [json.loads(line) for line in self.follower.output().splitlines() if line.startswith("{")]
        return [each for each in lines if kind in (None, each["event"])]

    def sync(self):
        return self.installation.streamctl("sync", self.writer.path, "--wait", "--json").expect().json["txid"]

    def catch_up(self):
        """Until the copy holds all that was committed; then it is the database, page by page."""
        txid = self.sync()

        def there():
            assert self.follower.running(), self.follower.output()
            return any(each["txid"] >= txid for each in self.events())

        wait_until(there, f"the copy to hold transaction {txid}", progress=self.follower.output)
        self.assert_same()

    def assert_same(self):
        connection = compare.read_only(self.copy)
        try:
            assert look(connection) == (self.writer.points[-1].number if self.writer.points else 0)
            copied = connection.serialize()
        finally:
            connection.close()
        differences = compare.page_differences(copied, compare.image(self.writer.path))
        assert not differences, differences

    def read(self):
        log = os.path.join(self.folder, "reader.log")
        open(log, "ab").close()
        return processes.Child([sys.executable, "-B", "-m", "harness.copy_reader", self.copy, log],
                               os.path.join(self.folder, "reader.out"))

    def begin(self):
        self.installation.start()
        self.writer.transactions(20)
        self.sync()
        self.follow()
        wait_until(lambda: self.events("restored"), "the copy", progress=self.follower.output)


def seen_by_reader(followed):
    with open(os.path.join(followed.folder, "reader.log"), encoding="ascii") as lines:
        return [int(line) for line in lines if line.endswith("\n")]


def wait_for_reader(followed, reader):
    """Until it has seen what was committed last."""
    wait_until(lambda: followed.writer.points[-1].number in seen_by_reader(followed), "the reader", progress=reader.output)


def assert_read(followed, reader, states=4):
    """It saw many states, and nothing was wrong with any."""
    wait_until(lambda: len(seen_by_reader(followed)) > 20, "the reader", progress=reader.output)
    assert reader.terminate() == 0, reader.output()
    seen = seen_by_reader(followed)
    assert len(set(seen)) >= states, (len(seen), len(set(seen)))


def shrink(writer):
    """Most rows go, in one transaction; then VACUUM gives their pages back."""
    execute = writer.connection.execute
    execute("BEGIN IMMEDIATE")
    number = execute("PRAGMA user_version").fetchone()[0] + 1
    execute("DELETE FROM items WHERE id % 10")
    digest = workload.content_digest(writer.connection)
    execute("INSERT INTO digests VALUES(?, ?)", (number, digest))
    execute(f"PRAGMA user_version={number}")
    execute("COMMIT")
    writer.points.append(workload.Point(number, digest, 0))
    writer.vacuum()


def test_readers_see_whole_states_only(folder):
    followed = Followed(folder)
    followed.begin()
    reader = followed.read()
    for step in range(15):
        followed.writer.transactions(4, rows=60 if step % 4 == 3 else None)
        if step in (6, 11):
            shrink(followed.writer)
        followed.sync()
    followed.catch_up()
    assert_read(followed, reader)
    applied = followed.events("applied")
    assert applied and all(each["lag_ms"] >= 0 and each["bytes_fetched"] > 0 for each in applied), applied
    assert stat.S_IMODE(os.stat(followed.copy).st_mode) & 0o222 == 0
    assert followed.follower.terminate() == 0, followed.follower.output()
    assert os.path.getsize(followed.copy + "-wal") == 0, "at the end the file alone holds all"
    followed.assert_same()


def test_killed_again_and_again(folder):
    followed = Followed(folder)
    followed.begin()
    reader = followed.read()
    snapshot = followed.events("restored")[0]["bytes_fetched"]
    for life in range(8):
        followed.writer.transactions(3, rows=20)
        followed.sync()
        if life % 2:
            wait_until(lambda: followed.events("applied"), "news", progress=followed.follower.output)
        followed.follower.kill()
        followed.writer.transactions(2)
        followed.sync()
        followed.follow()
        wait_until(lambda: followed.events("resumed"), "the follower", progress=followed.follower.output)
    followed.catch_up()
    assert_read(followed, reader)
    assert not followed.events("restored") and not followed.events("replaced"), followed.events()
    assert sum(each["bytes_fetched"] for each in followed.events()) < 20 * snapshot


def first_transactions(folder):
    """Of the segments that are there."""
    names = [name for where, _, names in os.walk(os.path.join(folder, "replica", "generations"))
             if "segments" in where.split(os.sep) for name in names]
    return {int(name.split("-")[0], 16) for name in names}


def test_merging_and_pruning_meanwhile(folder):
    followed = Followed(folder, **{"prune-grace": "0s"})
    followed.begin()
    inside = 0
    for stop in range(2):
        for _ in range(stop + 2):
            followed.writer.transactions(1)
            followed.catch_up()
        at = followed.events()[-1]["txid"]
        assert followed.follower.terminate() == 0, followed.follower.output()
        for _ in range(20):
            followed.writer.transactions(1)
            followed.sync()
        followed.installation.streamctl("compact", followed.writer.path).expect()
        inside += at + 1 not in first_transactions(folder)
        followed.follow()
        followed.catch_up()
        assert {each["event"] for each in followed.events()} == {"resumed", "applied"}, followed.events()
        assert [each["replica"] for each in followed.events("resumed")] == [None]
    assert inside > 0, "no merged object was ever entered in its middle"


def test_history_that_is_gone(folder):
    """Nothing leads on from where the copy is: what differs is fetched, and a reader notices nothing."""
    followed = Followed(folder)
    followed.begin()
    reader = followed.read()
    followed.follower.kill()
    followed.writer.transactions(30)
    followed.installation.streamctl("snapshot", followed.writer.path).expect()
    followed.sync()
    followed.installation.stop()
    for where, _, names in os.walk(os.path.join(folder, "replica", "generations")):
        if "segments" in where.split(os.sep):
            for name in names:
                os.remove(os.path.join(where, name))
    followed.follow()
    wait_until(lambda: followed.events("replaced"), "the copy to be replaced", progress=followed.follower.output)
    followed.assert_same()
    wait_for_reader(followed, reader)
    assert reader.terminate() == 0, reader.output()


def test_a_new_generation(folder):
    followed = Followed(folder)
    followed.begin()
    reader = followed.read()
    wait_for_reader(followed, reader)
    before = followed.events("restored")[0]["generation"]
    followed.installation.stop()
    followed.writer.transactions(5)
    followed.installation.streamctl("adopt", followed.writer.path, "local").expect()
    followed.installation.start()
    followed.writer.transactions(5)
    followed.catch_up()
    wait_for_reader(followed, reader)
    followed.writer.transactions(5)
    followed.catch_up()
    wait_for_reader(followed, reader)
    replaced = followed.events("replaced")
    assert len(replaced) == 1 and replaced[0]["generation"] > before, replaced
    assert_read(followed, reader, states=3)


def test_a_copy_that_somebody_has_changed(folder):
    followed = Followed(folder)
    followed.begin()
    # While it is followed, by who may write everything.
    os.chmod(followed.copy, 0o644)
    changed = sqlite3.connect(followed.copy, timeout=10)
    changed.execute("DELETE FROM items WHERE id = 1")
    changed.commit()
    followed.writer.transactions(1)
    followed.sync()
    assert followed.follower.wait() == 14, followed.follower.output()
    assert "somebody else has changed it" in followed.follower.output()
    changed.close()
    # And at the next start.
    again = run(followed.command()).expect(14)
    assert "somebody has changed it" in again.stderr and "hint: " in again.stderr, again.stderr
    followed.follow("--force")
    followed.catch_up()


def test_an_outage_is_said_once(folder):
    followed = Followed(folder)
    followed.begin()
    followed.installation.stop()
    replica = os.path.join(folder, "replica")
    os.rename(replica, replica + "-away")
    wait_until(lambda: followed.events("trouble"), "the trouble", progress=followed.follower.output)
    os.rename(replica + "-away", replica)
    wait_until(lambda: followed.events("recovered"), "the end of it", progress=followed.follower.output)
    assert len(followed.events("trouble")) == 1, followed.follower.output()
    followed.installation.start()
    followed.writer.transactions(2)
    followed.catch_up()


def test_one_follower(folder):
    followed = Followed(folder)
    followed.begin()
    refused = run(followed.command()).expect(1)
    assert "somebody else follows it" in refused.stderr, refused.stderr
    assert followed.follower.terminate() == 0


def test_what_is_refused(folder):
    followed = Followed(folder)
    for more in (["--timestamp", "1 hour ago"], ["--txid", "5"], ["--dry-run"], ["--if-missing"], ["--nearest"]):
        refused = run(followed.command(*more)).expect(2)
        assert "--follow" in refused.stderr and "hint: " in refused.stderr, refused.stderr
    refused = followed.installation.streamctl("restore", followed.writer.path, "--follow").expect(2)
    assert "which file" in refused.stderr, refused.stderr
    refused = followed.installation.restore(followed.installation.databases[0], followed.writer.path, "--follow").expect(2)
    assert "streamd replicates" in refused.stderr, refused.stderr
    run(followed.command("--follow-interval", "soon")).expect(2)
    nowhere = run([word.replace("copy.db", "none/copy.db") for word in followed.command()])
    assert nowhere.code != 0 and "there is no folder" in nowhere.stderr, nowhere.stderr
    run(followed.command()).expect(10)
    with open(followed.copy, "w", encoding="ascii") as other:
        other.write("something else")
    followed.installation.start()
    followed.sync()
    names = set(os.listdir(folder))
    run(followed.command()).expect(11)
    assert set(os.listdir(folder)) == names, set(os.listdir(folder)) - names
    refused = run(followed.command("--replica", "nope")).expect(2)
    assert "leave out --replica" in refused.stderr, refused.stderr
    with open(followed.copy, encoding="ascii") as other:
        assert other.read() == "something else"


def test_encrypted(folder):
    identity = os.path.join(folder, "identity")
    key = run([case.program("streamctl"), "keygen", "-o", identity]).expect().stdout.split()[-1]
    secrets.from_identity(identity)
    followed = Followed(folder, recipients=[key])
    followed.installation.start()
    followed.writer.transactions(5)
    followed.sync()
    run(followed.command()).expect(21)
    followed.follow("--identity", identity)
    followed.writer.transactions(5)
    followed.catch_up()


if __name__ == "__main__":
    case.run(globals())
