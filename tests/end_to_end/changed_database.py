"""The application's database is renamed, replaced, deleted, taken out of WAL mode, or taken for itself alone."""
import os
import shutil
import sqlite3
import subprocess
import time

from harness import case, compare, web, workload
from harness.daemon import Database, Installation, file_replica
from harness.waiting import wait_until
from end_to_end.installed import replicated, restored

FILES = ("", "-wal", "-shm")


def status(installation):
    return installation.streamctl("status", "--json").expect().json["databases"][0]


def wait_for_state(installation, state, words=""):
    def arrived():
        now = status(installation)
        return now["state"] == state and words in str(now["error"])
    wait_until(arrived, f"state {state!r} {words!r}")


def move(path, to):
    """As SQLite wants it: the log and its index belong to the file."""
    for end in FILES:
        if os.path.exists(path + end):
            os.rename(path + end, to + end)


def running(folder, **settings):
    installation, writer = replicated(folder, **settings)
    installation.start()
    writer.transactions(20)
    installation.sync(installation.databases[0])
    return installation, writer


def sync_and_check(installation, writer, name):
    """The restored newest moment is the database."""
    installation.sync(installation.databases[0])
    out = restored(installation, name)
    assert workload.check(out).digest == writer.points[-1].digest
    compare.assert_same_pages(out, installation.databases[0].path)


def generations(installation):
    return installation.streamctl("generations", "app.db", "--json").expect().json["generations"]


def test_renamed_away_it_is_not_protected_and_back_again_it_is(folder):
    installation, writer = running(folder)
    path = installation.databases[0].path
    writer.close()
    move(path, path + ".away")
    wait_for_state(installation, "not protected", "there is no such database")
    move(path + ".away", path)
    wait_for_state(installation, "live")
    again = workload.Writer(path, seed=2)
    again.transactions(5)
    sync_and_check(installation, again, "out.db")


def test_counters_go_on_when_it_is_attached_again(folder):
    """What is counted when it is let go of (StreamdLocksBypassed) would be lost with the capture."""
    installation, writer = running(folder, streamd=web.ANY_PORT)
    path, url = installation.databases[0].path, web.address_of(installation) + "/metrics"

    def captured():
        found = web.samples(web.get(url)[2])
        return sum(value for (name, _), value in found.items() if name == "streamd_capture_transactions_total")

    before = captured()
    assert before > 0
    writer.close()
    move(path, path + ".away")
    wait_for_state(installation, "not protected", "there is no such database")
    assert captured() >= before
    move(path + ".away", path)
    wait_for_state(installation, "live")
    workload.Writer(path, seed=2).transactions(5)
    installation.sync(installation.databases[0])
    assert captured() > before, captured()
    assert len(generations(installation)) == 1
    installation.stop()


def test_replaced_by_another_one_the_difference_is_sent_and_the_past_stays(folder):
    installation, writer = running(folder)
    path = installation.databases[0].path
    before, digest = status(installation)["durable_txid"], writer.points[-1].digest
    writer.close()
    other = workload.Writer(os.path.join(folder, "other.db"), seed=3)
    other.transactions(60)
    other.close()
    move(path, path + ".old")
    os.rename(os.path.join(folder, "other.db"), path)
    again = workload.Writer(path, seed=4)
    again.transactions(3)
    wait_until(lambda: installation.daemon.output().count("database attached") > 1, "the new file to be attached")
    again.transactions(3)
    sync_and_check(installation, again, "out.db")
    assert workload.check(restored(installation, "past.db", "--txid", str(before))).digest == digest
    assert len(generations(installation)) == 1
    installation.stop()


def test_written_over_in_place_while_no_daemon_ran_the_difference_is_sent(folder):
    """`cp backup.db app.db` keeps the inode. Whether the daemon or the application was the last to let go of the file."""
    for last in ("daemon", "application"):
        place = os.path.join(folder, last)
        os.mkdir(place)
        installation, writer = running(place)
        path = installation.databases[0].path
        before, digest = status(installation)["durable_txid"], writer.points[-1].digest
        if last == "daemon":
            writer.close()
        installation.stop()
        writer.close()
        assert not os.path.exists(path + "-wal")
        other = workload.Writer(os.path.join(place, "other.db"), seed=3)
        other.transactions(60)
        other.close()
        inode = os.stat(path).st_ino
        shutil.copyfile(other.path, path)
        assert os.stat(path).st_ino == inode
        installation.start()
        again = workload.Writer(path, seed=4)
        again.transactions(3)
        sync_and_check(installation, again, "out.db")
        assert workload.check(restored(installation, "past.db", "--txid", str(before))).digest == digest
        assert len(generations(installation)) == 1
        installation.stop()


def with_little_in_the_log(folder):
    """(installation, writer, path of a copy that is older than what the log holds)."""
    installation, writer = running(folder)
    older = os.path.join(folder, "older.db")
    copy = sqlite3.connect(older)
    writer.connection.backup(copy)
    copy.close()
    writer.transactions(40)
    wait_until(lambda: writer.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, "the log to be emptied")
    writer.transactions(2)
    installation.sync(installation.databases[0])
    return installation, writer, older


def copy_over(older, path):
    """In place, by another process: closing a descriptor here would drop this one's locks."""
    inode = os.stat(path).st_ino
    subprocess.run(["cp", older, path], check=True)
    assert os.stat(path).st_ino == inode
    assert os.path.getsize(path + "-wal") > 0


def test_written_over_under_a_log_that_stayed_the_difference_is_sent(folder):
    """The machine fell, and somebody put an older copy there but left the log: it continues what was captured."""
    installation, writer, older = with_little_in_the_log(folder)
    before, digest = status(installation)["durable_txid"], writer.points[-1].digest
    installation.kill()
    copy_over(older, writer.path)
    installation.start()
    wait_until(lambda: "not those that were captured" in installation.daemon.output(), "the older pages to be noticed")
    wait_for_state(installation, "live")
    installation.sync(installation.databases[0])
    compare.assert_same_pages(restored(installation, "out.db"), writer.path)
    assert workload.check(restored(installation, "past.db", "--txid", str(before))).digest == digest
    assert len(generations(installation)) == 1
    installation.stop()


def test_written_over_while_the_log_is_in_use_the_difference_is_sent(folder):
    installation, writer, older = with_little_in_the_log(folder)
    reader = sqlite3.connect(writer.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM items").fetchone()  # the log cannot be handed back
    writer.transaction()
    installation.sync(installation.databases[0])
    time.sleep(1.5)  # the file is looked at every half a second
    copy_over(older, writer.path)
    wait_until(lambda: "not those that were captured" in installation.daemon.output(), "the older pages to be noticed")
    wait_for_state(installation, "live")
    installation.sync(installation.databases[0])
    compare.assert_same_pages(restored(installation, "out.db"), writer.path)
    reader.close()
    installation.stop()


def test_a_file_that_nobody_wrote_to_is_not_read_again(folder):
    """Neither after a clean end beside an application, nor after a kill at rest; but when a checkpoint came in between."""
    installation, writer = running(folder)
    compares = "compared with those that were captured"
    wait_until(lambda: os.path.exists(os.path.join(folder, ".app.db-streamd", "checked")), "the file to be noted")
    installation.stop()
    writer.transactions(3)
    installation.start()
    sync_and_check(installation, writer, "clean.db")
    assert compares not in installation.daemon.output()
    time.sleep(7)  # at rest after five
    installation.kill()
    installation.start()
    writer.transactions(3)
    sync_and_check(installation, writer, "rested.db")
    assert compares not in installation.daemon.output()
    installation.kill()
    writer.transactions(3)
    writer.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    installation.start()
    wait_until(lambda: compares in installation.daemon.output(), "the pages to be read")
    sync_and_check(installation, writer, "written.db")
    assert "not those" not in installation.daemon.output()
    installation.stop()


def test_deleted_and_created_with_another_page_size_a_generation_begins_and_the_past_stays(folder):
    installation, writer = running(folder)
    path = installation.databases[0].path
    before, digest = status(installation)["durable_txid"], writer.points[-1].digest
    writer.close()
    for end in FILES:
        if os.path.exists(path + end):
            os.unlink(path + end)
    wait_for_state(installation, "not protected", "there is no such database")
    again = workload.Writer(path, seed=5, page_size=1024)
    again.transactions(5)
    wait_for_state(installation, "live")
    sync_and_check(installation, again, "out.db")
    assert len(generations(installation)) == 2
    assert workload.check(restored(installation, "past.db", "--txid", str(before))).digest == digest
    installation.stop()


def point(link, to):
    """As deployments do it: in one step."""
    os.symlink(to, link + ".new")
    os.rename(link + ".new", link)


def linked(folder):
    """(installation, link): the configured path is a link, which leads to v1.db and is followed."""
    first = workload.Writer(os.path.join(folder, "v1.db"))
    link = os.path.join(folder, "app.db")
    os.symlink("v1.db", link)
    replica = file_replica(os.path.join(folder, "replica"))
    installation = Installation(folder, [Database(link, [replica])])
    installation.start()
    first.transactions(20)
    installation.sync(installation.databases[0])
    return installation, link, first


def test_a_link_that_is_pointed_to_another_file_is_followed_there_and_the_past_stays(folder):
    installation, link, first = linked(folder)
    before, digest = status(installation)["durable_txid"], first.points[-1].digest
    first.close()
    second = workload.Writer(os.path.join(folder, "v2.db"), seed=3)
    second.transactions(60)
    point(link, "v2.db")

    def follows(name):
        now = status(installation)
        return now["database"].endswith(name) and now["state"] == "live"

    wait_until(lambda: follows("v2.db"), "the other file to be followed", progress=lambda: len(installation.daemon.output()))
    assert "leads to another file now" in installation.daemon.output()
    second.transactions(3)
    sync_and_check(installation, second, "out.db")
    assert workload.check(restored(installation, "past.db", "--txid", str(before))).digest == digest
    assert len(generations(installation)) == 2
    installation.stop()
    installation.start()  # it is known by now
    second.transactions(3)
    sync_and_check(installation, second, "again.db")
    point(link, "v1.db")
    wait_until(lambda: follows("v1.db"), "the first file to be followed", progress=lambda: len(installation.daemon.output()))
    back = workload.Writer(link, seed=5)
    back.transactions(3)
    sync_and_check(installation, back, "back.db")
    assert len(generations(installation)) == 3
    os.unlink(link)  # leads nowhere for a moment
    os.symlink("v1.db", link)
    installation.stop()


def test_a_link_to_a_database_that_another_path_leads_to_is_an_error_until_it_leads_elsewhere(folder):
    installation, link, first = linked(folder)
    other = workload.Writer(os.path.join(folder, "other.db"), seed=3)
    replicas = [file_replica(os.path.join(folder, name)) for name in ("replica", "second")]
    installation.databases = [Database(link, replicas[:1]), Database(other.path, replicas[1:])]
    installation.write_config({}, {})
    installation.streamctl("reload").expect()
    point(link, "other.db")
    wait_for_state(installation, "failing", "leads to")
    first.transactions(3)
    point(link, "v1.db")
    wait_for_state(installation, "live")
    sync_and_check(installation, first, "out.db")
    assert len(generations(installation)) == 1
    installation.stop()


def test_out_of_wal_mode_and_back_nothing_is_missing(folder):
    installation, writer = running(folder)
    execute = writer.connection.execute
    try:
        execute("PRAGMA journal_mode=DELETE")
        raise AssertionError("left WAL mode under the daemon")
    except sqlite3.OperationalError as refused:
        assert "locked" in str(refused)
    writer.transaction()
    installation.stop()
    assert execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
    writer.transactions(3)
    installation.start()
    wait_for_state(installation, "not protected", "not in WAL mode")
    writer.transactions(3)
    assert execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
    wait_for_state(installation, "live")
    writer.transactions(3)
    sync_and_check(installation, writer, "out.db")
    assert len(generations(installation)) == 1
    installation.stop()


def test_an_application_that_has_the_database_alone_is_not_protected_until_it_lets_go(folder):
    installation, writer = replicated(folder)
    execute = writer.connection.execute
    execute("PRAGMA locking_mode=EXCLUSIVE")
    writer.transactions(5)
    installation.start()
    wait_for_state(installation, "not protected", "locked")
    writer.transactions(20)  # is not disturbed by the attempts
    execute("PRAGMA locking_mode=NORMAL")
    execute("SELECT count(*) FROM items").fetchone()  # lets go with the next access
    wait_for_state(installation, "live")
    writer.transactions(5)
    sync_and_check(installation, writer, "out.db")
    installation.stop()


if __name__ == "__main__":
    case.run(globals())
