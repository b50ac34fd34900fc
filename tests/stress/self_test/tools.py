"""The stress clients keep their invariants, and the oracle says what lies in the file, for every page size.

usage: tools.py is given the programs in STRESS_WRITER and STRESS_ORACLE.
"""
import os
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import fault_points  # noqa: E402 (found through the line above)
import verdict  # noqa: E402
from harness import case, compare, damage  # noqa: E402
from harness.daemon import run  # noqa: E402
from harness.processes import Child  # noqa: E402


def writer(*words):
    return [case.program("stress_writer"), *words]


def oracle(*words):
    return [case.program("stress_oracle"), *words]


def write_for_a_while(folder, page_size, auto_vacuum):
    """Two writers and a reader under the oracle's eyes; returns (database, commits the oracle saw, acknowledged)."""
    database, seen = os.path.join(folder, "app.db"), os.path.join(folder, "oracle.txt")
    run(writer("init", database, "--page-size", page_size, "--auto-vacuum", auto_vacuum)).expect(0)
    logs = [os.path.join(folder, f"{seed}.commits") for seed in (1, 2)]
    commands = [writer("mix", database, "--seed", seed, "--seconds", 2, "--log", log) for seed, log in enumerate(logs)]
    commands += [writer("reader", database, "--seconds", 2),
                 oracle("live", database, seen, "--seconds", 2, "--gap-ms", 20)]
    children = [Child(command, os.path.join(folder, f"child-{number}.log")) for number, command in enumerate(commands)]
    for child in children:
        assert child.wait() == 0, child.output()
    run(oracle("once", database, seen)).expect(0)
    with open(seen, encoding="ascii") as lines:
        commits = verdict.parse(lines.read())
    acknowledged = 0
    for log in filter(os.path.exists, logs):
        with open(log, encoding="ascii") as lines:
            acknowledged = max([acknowledged, *map(int, lines)])
    return database, commits, acknowledged


def test_the_oracle_says_what_lies_in_the_file(folder):
    for page_size, auto_vacuum in ((512, 0), (4096, 1), (65536, 2)):
        place = os.path.join(folder, str(page_size))
        os.mkdir(place)
        database, commits, acknowledged = write_for_a_while(place, page_size, auto_vacuum)
        versions = [commit.image.user_version for commit in commits]
        assert versions == sorted(versions)
        assert versions[-1] >= acknowledged > 0
        connection = sqlite3.connect(database)
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        connection.close()
        alone = verdict.parse(run(oracle("file", database)).expect(0).stdout)
        assert alone[0].image == commits[-1].image
        assert verdict.check_restored(database, commits[-1], case.program("stress_oracle")) == []
        compare.assert_integrity(database)


def test_a_changed_file_is_not_the_commit(folder):
    database, commits, _ = write_for_a_while(folder, 1024, 0)
    damage.flip_bit(database, 1024 + 500)
    assert verdict.check_restored(database, commits[-1], case.program("stress_oracle"))


def test_bench_counts_its_transactions(folder):
    database = os.path.join(folder, "app.db")
    outcome = run(writer("bench", database, "--seconds", 1, "--rows", 3)).expect(0)
    connection = sqlite3.connect(database)
    version, newest, rows = connection.execute(
        "SELECT user_version, (SELECT max(n) FROM ledger), (SELECT count(*) FROM ledger)"
        " FROM pragma_user_version").fetchone()
    connection.close()
    assert outcome.json["transactions"] == version == newest and rows == 3 * version


def test_a_missing_place_for_a_fault_point_is_an_error(_):
    try:
        fault_points.with_fault_points("/************** Begin file wal.c\nint nothing;\n")
    except ValueError as refused:
        assert "no place" in str(refused)
    else:
        raise AssertionError("an SQLite without fault points was taken for one with them")


if __name__ == "__main__":
    case.run(globals())
