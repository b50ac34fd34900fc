#!/usr/bin/env python3
"""The power fails after every step that a daemon and its application have made on the disk (README.md).

usage: power_cut.py --kind kept|strict|loose [--synchronous full|normal] [--count N --seed K]
                    [--life FOLDER --step N | --lying GLOB]

A short life is recorded, then for each step the disk is rebuilt as the cut has left it, everything must be there that
was acknowledged before, and a new start must end well. kept: nothing is lost (as kill -9 of all processes at that step);
strict: everything that was not synced; loose: what the seed picks of it.
"""
import argparse
import contextlib
import dataclasses
import fcntl
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
import traceback

import again
import disk
import judge
from harness import case, processes
from harness.waiting import wait_until
from scene import Scene


class Application(processes.Conversation):
    def __init__(self, scene, record, synchronous):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "application.py")
        self.images = os.path.join(scene.folder, "images")
        os.makedirs(self.images, exist_ok=True)
        settings = scene.interposed({"FAULTS_RECORD": record})
        super().__init__(["env", *(f"{name}={value}" for name, value in settings.items()), sys.executable, "-B", script,
                          scene.database, self.images, synchronous])
        self.process.stdout.readline()


def live(scene, record, options):
    """The life that is recorded: first snapshot, commits, a restart, merging and removing, the last close."""
    for where, _, _ in os.walk(scene.disk):
        disk.write_record(record, "G", os.stat(where).st_ino, where)
    installation = scene.installation
    environment = scene.interposed({"FAULTS_RECORD": record})
    if options.lying:
        environment["FAULTS_LYING"] = os.path.join(scene.disk, options.lying)
    application = Application(scene, record, options.synchronous)
    application.ask("commit 2 3")

    def acknowledged():
        installation.sync(installation.databases[0])
        disk.write_record(record, "N", data=application.ask("commit 0 0"))
    installation.start(environment=environment)
    acknowledged()
    for rows in (1, 3, 60, 2):
        application.ask(f"commit 1 {rows}")
        acknowledged()
    outage(scene, application, record)
    acknowledged()
    with between_steps(record):
        installation.kill()
    application.ask("commit 2 2")
    installation.start(environment=environment)
    acknowledged()
    application.ask("truncate")
    for _ in range(8):
        application.ask("commit 1 1")
        acknowledged()
    application.ask("commit 1 1")
    application.ask("close")
    installation.stop()


def outage(scene, application, record):
    """The replica's drive is not mounted for a while. What the daemon says is durable here stays, though the log goes."""
    away = os.path.join(scene.folder, "away")
    wait_until_quiet(record)  # what is done in the folder after it was moved would not be recorded
    os.rename(scene.replica, away)
    for rows in (1, 20, 1):
        before = status(scene)["durable_txid"]
        newest = application.ask(f"commit 1 {rows}")
        application.ask("truncate")
        wait_until(lambda: status(scene)["durable_txid"] > before, "the commit to be durable in the spool")
        disk.write_record(record, "D", data=newest)
    os.rename(away, scene.replica)


@contextlib.contextmanager
def between_steps(record):
    """Nothing is done meanwhile that is not written down yet."""
    with open(record, "ab") as output:
        fcntl.flock(output, fcntl.LOCK_EX)
        yield


def wait_until_quiet(record, seconds=0.3):
    size = None
    while size != (size := os.path.getsize(record)):
        time.sleep(seconds)


def status(scene):
    return scene.streamctl("status", "--json").json["databases"][0]


def load_images(scene):
    folder = os.path.join(scene.folder, "images")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as image:
            scene.images.setdefault(int(name.split("-")[0]), []).append(image.read())


@dataclasses.dataclass(frozen=True)
class Promised:
    """Commits that the daemon has said it has: on the replica, or durable in the spool."""
    acknowledged: tuple = ()
    durable: tuple = ()

    def and_also(self, record):
        name = {"N": "acknowledged", "D": "durable"}[record.what]
        return dataclasses.replace(self, **{name: (*getattr(self, name), int(record.data))})


def states(records, start, kind, seed):
    """(step, promised commits, what is on the disk) after each record that makes a difference."""
    before, promised = None, Promised()
    for step, record in enumerate(records):
        if record.what in "ND":
            promised = promised.and_also(record)
            continue
        start.apply(record)
        found = start.cut(kind, seed)
        if found != before:
            before = found
            yield step, promised, found


def database_after(scene):
    """The commit that SQLite finds in the database, or None when it is not yet one of the application's."""
    place = os.path.join(scene.folder, "looked-at")
    shutil.rmtree(place, ignore_errors=True)
    os.mkdir(place)
    for end in ("", "-wal"):
        if os.path.exists(scene.database + end):
            shutil.copy(scene.database + end, os.path.join(place, "app.db" + end))
    path = os.path.join(place, "app.db")
    if not os.path.exists(path) or os.path.getsize(path) == 0 and not os.path.exists(path + "-wal"):
        return None
    try:
        image = judge.compare.image(path)
    except sqlite3.DatabaseError:  # torn while it was made
        return None
    if len(image) < 100 or image not in sum(scene.images.values(), []):
        return None
    return int.from_bytes(image[60:64], "big")


def start_again(scene, promised, found):
    shutil.rmtree(scene.disk)
    os.mkdir(scene.disk)
    inodes = os.path.join(scene.folder, "inodes")
    disk.write_out(found, scene.disk, inodes)
    version = database_after(scene)
    newest = max(promised.acknowledged, default=0)
    if newest:  # the machine may be gone: the replica alone leads to what was acknowledged
        out = os.path.join(scene.folder, "alone.db")
        restored = scene.streamctl("restore", "file://" + scene.replica, "-o", out)
        assert restored.code == 0, f"commit {newest} was acknowledged, but {restored.stderr}"
        number = judge.matches(scene, out)
        assert number >= newest, f"commit {newest} was acknowledged, but the replica ends at {number}"
        os.remove(out)
    environment = scene.interposed({"FAULTS_INODES": inodes})
    outcome = scene.once(environment)
    if version is None:
        assert not promised.acknowledged and not promised.durable, "the application's database is gone: the model is wrong"
        judge.honest(outcome)
        return
    assert outcome.code == 0, f"a new start ended with {outcome.code}\n{outcome.stderr}"
    try:
        generations = os.listdir(os.path.join(scene.replica, "generations"))
        assert not newest or len(generations) == 1, "the local state was lost: a new generation begins"
        moments = judge.walk(scene)
        judge.no_gap(moments)
        there = {number for _, number, _ in moments}
        assert there.issuperset(promised.acknowledged + promised.durable), f"{promised}, but there are {sorted(there)}"
        restored, out = scene.restore(environment=environment)
        assert restored.code == 0, restored.stderr
        number = judge.matches(scene, out)
        assert number == version, f"the database is at {version}, the newest restored is {number}"
        os.remove(out)
        verified = scene.streamctl("verify", scene.database)
        assert verified.code == 0, f"verify ended with {verified.code}\n{verified.stdout}{verified.stderr}"
        judge.nothing_left_behind(scene)
    except AssertionError as problem:
        raise AssertionError(f"{problem}\nthe new start had said:\n{outcome.stderr}") from None


def chosen(all_states, options):
    if options.step is not None:
        return [state for state in all_states if state[0] == options.step]
    if not options.count or len(all_states) <= options.count:
        return all_states
    picked = sorted(random.Random(options.seed).sample(range(len(all_states)), options.count))
    return [all_states[number] for number in picked]


def run(options):
    folder = options.life or tempfile.mkdtemp(prefix="streamd-test-")
    record = os.path.join(folder, "record")
    scene = Scene(folder, replica={"prune-grace": "0s"}, streamd={"shutdown-timeout": "10s"})
    if not options.life:
        try:
            live(scene, record, options)
        finally:
            processes.stop_all()
    load_images(scene)
    records = disk.read_records(record)
    all_states = list(states(records, disk.Disk(scene.disk), options.kind, options.seed))
    tried = chosen(all_states, options)
    print(f"{options.kind}: {len(records)} steps recorded, {len(all_states)} states of the disk, {len(tried)} to try", flush=True)
    failed = 0
    for step, promised, found in tried:
        try:
            start_again(scene, promised, found)
        except Exception:  # whatever it is, it is this step's failure; the next one still runs
            failed += 1
            if options.lying:
                continue
            traceback.print_exc()
            words = f"--kind {options.kind} --seed {options.seed} --life {folder} --step {step}"
            print(f"FAILED: {options.kind} cut after step {step} ({describe(records[step], scene)})\n"
                  f"run it again: {again.command(__file__, words)}\n", flush=True)
    print(f"{options.kind}: {len(tried)} cuts, {failed} failed", flush=True)
    if options.lying:  # a control: a sync that is left out must be found out
        shutil.rmtree(folder)
        return 0 if failed else 1
    if not failed and not options.life:
        shutil.rmtree(folder)
    return 1 if failed or not tried else 0


def describe(record, scene):
    where = os.path.relpath(record.path, scene.disk) if record.path else f"inode {record.inode}"
    return f"{record.what} {where} {len(record.data)} bytes"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=("kept", "strict", "loose"), required=True)
    parser.add_argument("--synchronous", choices=("full", "normal"), default="full")
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--step", type=int)
    parser.add_argument("--lying", help="a control: syncs of these files (a glob below the disk) do nothing, which must be found out")
    parser.add_argument("--life", help="a folder that a failure has left")
    case.exit_with(lambda: run(parser.parse_args()))


if __name__ == "__main__":
    main()
