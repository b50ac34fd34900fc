"""What the daemon finds when it comes back: the same log, a restarted one, none, a shorter one, another file. The next
life continues, or compares and says so; the newest restore is the database, and the past can still be restored.
"""
import contextlib
import os
import re
import shutil
import sqlite3

from harness import case, compare, locks, processes
from harness.daemon import Database, Installation, file_replica
from harness.waiting import wait_until
from end_to_end.installed import restored

COMMIT = "sql INSERT INTO t(b) VALUES(randomblob(2000))"


class Lives:
    """A database with one application, which a test can end like a crash, and the daemon's lives beside it."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "app.db")
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB)")
        self.installation = Installation(folder, [Database(self.path, [file_replica(os.path.join(folder, "replica"))])])
        self.application = None
        self.open()
        self.life()
        self.commit(30)
        self.sync()

    def open(self):
        self.application = processes.Conversation([case.program("application"), self.path])
        self.ask("sql PRAGMA wal_autocheckpoint=0")

    def ask(self, line):
        answer = self.application.ask(line)
        assert answer.startswith("0 "), f"{line}: {answer}"

    def commit(self, count=1):
        for _ in range(count):
            self.ask(COMMIT)

    def close(self):
        """The application's last close, which ends the log when nobody else is there."""
        self.ask("close")
        self.application.kill()

    def life(self):
        self.installation.start()

    def sync(self):
        self.installation.sync(self.installation.databases[0])

    def wait_for_hand_over(self):
        wait_until(lambda: locks.handed_over(self.installation.daemon.pid, self.path), "the log to be handed over")

    def durable(self):
        return self.installation.streamctl("status", "--json").expect().json["databases"][0]["durable_txid"]

    def next_life(self):
        """How the next life continued; checked against the database."""
        self.life()
        self.sync()
        self.commit(2)
        self.sync()
        log = self.installation.daemon.output()
        assert " broke: " not in log, log
        how = re.search(r'database attached .* continuity="?([a-z ]+)', log)[1].strip()
        self.installation.stop()
        compare.assert_same_pages(restored(self.installation, "newest.db"), self.path)
        os.unlink(os.path.join(self.installation.folder, "newest.db"))
        return how


def test_the_same_log_is_continued(folder):
    lives = Lives(folder)
    lives.commit()
    wait_until(lambda: not locks.handed_over(lives.installation.daemon.pid, lives.path), "a pin")
    lives.installation.kill()
    lives.commit(20)
    assert lives.next_life() == "same log"


def test_one_restart_is_continued(folder):
    lives = Lives(folder)
    lives.wait_for_hand_over()
    lives.installation.kill()
    lives.commit()
    assert lives.next_life() == "one restart"


def test_two_restarts_are_compared(folder):
    lives = Lives(folder)
    lives.wait_for_hand_over()
    lives.installation.kill()
    for _ in range(2):
        lives.commit()
        lives.ask("checkpoint TRUNCATE")
    lives.commit()
    assert lives.next_life() == "compared"


def test_a_log_deleted_by_the_last_close_is_compared_over_several_lives(folder):
    lives = Lives(folder)
    for _ in range(3):  # the second and third begin with the empty index that the first has seen
        lives.wait_for_hand_over()
        lives.installation.kill()
        lives.commit(2)
        lives.close()
        assert not os.path.exists(lives.path + "-wal")
        lives.life()
        lives.sync()
        lives.open()
    lives.installation.kill()
    lives.commit()
    lives.close()
    lives.open()
    assert lives.next_life() == "compared"


def test_a_log_that_lost_its_end_in_a_power_cut_is_compared_and_the_lost_commits_can_be_restored(folder):
    lives = Lives(folder)
    lives.commit(10)
    lives.sync()
    newest, image = lives.durable(), compare.image(lives.path)
    lives.installation.kill()
    lives.application.kill()
    os.truncate(lives.path + "-wal", os.path.getsize(lives.path + "-wal") // 2 // 4120 * 4120 + 32)
    os.unlink(lives.path + "-shm")
    lives.open()
    assert compare.image(lives.path) != image
    assert lives.next_life() == "compared"
    lost = restored(lives.installation, "lost.db", "--txid", str(newest))
    assert compare.image(lost) == image


def test_another_file_with_older_content_is_compared(folder):
    lives = Lives(folder)
    lives.wait_for_hand_over()
    shutil.copy(lives.path, os.path.join(folder, "older.db"))
    lives.commit(5)
    lives.sync()
    newest = lives.durable()
    image = compare.image(lives.path)
    lives.installation.kill()
    lives.close()
    os.rename(os.path.join(folder, "older.db"), lives.path)
    lives.open()
    assert lives.next_life() == "compared"
    assert compare.image(restored(lives.installation, "past.db", "--txid", str(newest))) == image


def test_another_page_size_begins_a_generation(folder):
    lives = Lives(folder)
    newest, image = lives.durable(), compare.image(lives.path)
    lives.installation.kill()
    lives.ask("sql PRAGMA journal_mode=DELETE; PRAGMA page_size=1024; VACUUM; PRAGMA journal_mode=WAL")
    assert lives.next_life() == "new generation"
    assert compare.image(restored(lives.installation, "past.db", "--txid", str(newest))) == image


if __name__ == "__main__":
    case.run(globals())
