"""`streamctl torture` against the file driver: what it reports, what it leaves, and what it must not miss."""
import glob
import hashlib
import json
import os
import sqlite3
import subprocess
import threading

from harness import case, damage, waiting


def make_copy(folder):
    path = os.path.join(folder, "copy.db")
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE mine(id INTEGER PRIMARY KEY, text TEXT)")
    database.executemany("INSERT INTO mine(text) VALUES(?)", [("row %d" % i,) for i in range(500)])
    database.commit()
    database.close()
    return path


def torture(folder, *arguments, copy=None):
    os.makedirs(os.path.join(folder, "work"), exist_ok=True)
    return subprocess.Popen(
        [case.program("streamctl"), "torture", "--db", copy or os.path.join(folder, "copy.db"), "--replica",
         "file://" + os.path.join(folder, "replica"), "--work", os.path.join(folder, "work"), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def content(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def test_a_whole_storage_passes_and_is_left_as_it_was(folder):
    copy = make_copy(folder)
    os.makedirs(os.path.join(folder, "replica"))
    with open(os.path.join(folder, "replica", "mine"), "w", encoding="utf-8") as file:
        file.write("of somebody else")
    before = content(copy)
    run = torture(folder, "--duration", "4s", "--seed", "3", "--json")
    out, errors = run.communicate(timeout=240)
    assert run.returncode == 0, (out, errors)
    report = json.loads(out)
    assert report["failures"] == [] and report["seed"] == 3, report
    assert report["restores_compared"] > 2 and report["transactions"] > 0 and report["objects_verified"] > 0, report
    assert content(copy) == before and sorted(os.listdir(folder)) == ["copy.db", "replica", "work"]
    assert os.listdir(os.path.join(folder, "work")) == []
    assert damage.files(os.path.join(folder, "replica")) == [os.path.join(folder, "replica", "mine")]


def test_a_damaged_object_is_reported(folder):
    make_copy(folder)
    run = torture(folder, "--duration", "4s", "--seed", "1")

    def spoil():
        pattern = os.path.join(folder, "replica", "*", "generations", "*", "snapshots", "*.snap")
        waiting.wait_until(lambda: glob.glob(pattern), "a snapshot")
        damage.flip_bit(glob.glob(pattern)[0], 200)

    spoiler = threading.Thread(target=spoil)
    spoiler.start()
    out, errors = run.communicate(timeout=240)
    spoiler.join()
    assert run.returncode == 30, (run.returncode, out, errors)
    assert "FAILED: " in out and ".snap" in out, out
    assert damage.files(os.path.join(folder, "replica")) == []


def test_what_is_in_use_is_refused(folder):
    copy = make_copy(folder)
    user = sqlite3.connect(copy, isolation_level=None)
    user.execute("PRAGMA journal_mode=WAL")
    user.execute("INSERT INTO mine(text) VALUES('now')")
    run = torture(folder)
    out, errors = run.communicate(timeout=60)
    assert run.returncode == 1 and "in use" in errors and "hint:" in errors, (run.returncode, out, errors)
    user.execute("PRAGMA journal_mode=DELETE")
    user.execute("BEGIN IMMEDIATE")
    run = torture(folder)
    out, errors = run.communicate(timeout=60)
    assert run.returncode == 1 and "in use" in errors, (run.returncode, out, errors)
    user.close()
    assert damage.files(os.path.join(folder, "replica")) == []


def test_wrong_use(folder):
    make_copy(folder)
    for arguments, words in ((("--duration", "soon"), "--duration"), (("--seed", "x"), "--seed")):
        run = torture(folder, *arguments)
        _, errors = run.communicate(timeout=60)
        assert run.returncode == 2 and words in errors, (arguments, run.returncode, errors)
    with open(os.path.join(folder, "text"), "w", encoding="utf-8") as file:
        file.write("no database, but long enough to be one" * 100)
    run = torture(folder, copy=os.path.join(folder, "text"))
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 2 and "/text cannot be used" in errors, (run.returncode, errors)


if __name__ == "__main__":
    case.run(globals())
