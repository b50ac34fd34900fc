"""The workload's points are recognised in copies, and wrong content is not taken for right."""
import os
import sqlite3
import sys

from harness import case, processes, workload
from harness.compare import image
from harness.waiting import wait_until


def copy_of(database, out):
    with open(out, "wb") as copy:
        copy.write(image(database))
    connection = sqlite3.connect(out)
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    return out


def assert_is(point, path):
    found = workload.check(path)
    assert (found.number, found.digest) == (point.number, point.digest), f"{found} instead of {point}"


def test_every_point_is_recognised_in_a_copy(folder):
    database = os.path.join(folder, "app.db")
    writer = workload.Writer(database, seed=7, page_size=1024, auto_vacuum=1)
    for step in range(40):
        point = writer.transaction()
        if step % 10 == 9:
            writer.vacuum()
            assert writer.checkpoint("TRUNCATE")[0] == 0
        assert_is(point, copy_of(database, os.path.join(folder, f"copy-{step}.db")))
    writer.close()
    assert [point.number for point in writer.points] == list(range(1, 41))


def test_a_second_writer_goes_on_where_the_first_stopped(folder):
    database = os.path.join(folder, "app.db")
    first = workload.Writer(database, seed=1)
    first.transactions(10)
    first.close()
    second = workload.Writer(database, seed=2)
    point = second.transaction()
    assert point.number == 11
    assert_is(point, database)
    second.close()


def test_changed_content_is_no_point(folder):
    database = os.path.join(folder, "app.db")
    writer = workload.Writer(database)
    writer.transactions(20)
    writer.connection.execute("UPDATE items SET owner = owner + 1 WHERE id = (SELECT max(id) FROM items)")
    writer.close()
    try:
        workload.check(database)
    except AssertionError as refused:
        assert "recorded" in str(refused)
    else:
        raise AssertionError("a changed row went unnoticed")


def test_a_killed_writer_has_recorded_only_what_is_there(folder):
    database, log = os.path.join(folder, "app.db"), os.path.join(folder, "points")
    writer = processes.Child([sys.executable, "-m", "harness.workload", database, log], os.path.join(folder, "writer.log"))
    wait_until(lambda: os.path.exists(log) and len(workload.read_points(log)) >= 50, "50 commits")
    writer.kill()
    points = workload.read_points(log)
    found = workload.check(database)
    assert found.number >= points[-1].number
    if found.number == points[-1].number:
        assert found.digest == points[-1].digest
    assert [point.number for point in points] == list(range(1, len(points) + 1))


if __name__ == "__main__":
    case.run(globals())
