"""A large database: its first snapshot, and its restore beside cp."""
import os
import shutil
import time

import application
from report import Findings, aiming, at_most, median_row, share_of_litestream
from subjects import timed


def read_whole(path):
    """Brings a file into the page cache, so that nobody gains by coming second."""
    with open(path, "rb", buffering=0) as content:
        while content.read(1 << 20):
            pass


def first_snapshot(subject):
    read_whole(subject.databases[0])
    began = time.monotonic_ns()
    subject.start()
    seconds = (subject.wait_for_snapshots() - began) / 1e9
    subject.wait_until_idle()
    used = subject.usage()
    objects, size = subject.watcher.since()
    return {"seconds": seconds, "cpu_seconds": used.cpu_seconds, "peak_memory": used.peak_memory, "bytes": size,
            "objects": objects}


def snapshot_and_restore(replicator, folder, database, compare):
    home = os.path.join(folder, "run")
    os.makedirs(home)
    copy, restored = os.path.join(home, "app.db"), os.path.join(home, "restored.db")
    shutil.copyfile(database, copy)
    with replicator(home, [copy]) as subject:
        sample = first_snapshot(subject)
    seconds, cpu = subject.restore(subject.replicas[0], restored)
    if compare:
        application.assert_same(database, restored, subject.name)
    shutil.rmtree(home)
    return {**sample, "restore_seconds": seconds, "restore_cpu_seconds": cpu}


def copied(folder, database):
    read_whole(database)
    copy = os.path.join(folder, "copy.db")
    seconds, _ = timed(["cp", database, copy])
    synced, _ = timed(["sync", copy])
    os.remove(copy)
    return {"restore_seconds": seconds, "with_sync": seconds + synced}


def restore_goal(rounds):
    with_sync = sorted(sample["with_sync"] for sample in rounds["bare"])[len(rounds["bare"]) // 2]
    sync = with_sync - median_row("", "s", rounds, "restore_seconds").values["bare"]

    def goal(values):
        aim = 2 * values["bare"] + sync
        return aiming(share_of_litestream(values, .5, "at most half"), values, aim, f"2 x cp + fsync = {aim:.2f} s")
    return goal


def measure(context):
    sizes = context.sizes
    database = os.path.join(context.folder, "large.db")
    application.fill(database, sizes.large_megabytes)
    rounds = {"bare": [], **{each.name: [] for each in context.replicators}}
    for number in range(sizes.large_rounds):
        rounds["bare"].append(copied(context.folder, database))
        for replicator in context.replicators:
            sample = snapshot_and_restore(replicator, context.folder, database, compare=number == 0)
            rounds[replicator.name].append(sample)
            context.note(f"snapshot, round {number + 1}, {replicator.name}: {sample}")
    os.remove(database)
    title = f"first snapshot of a {sizes.large_megabytes} MB database"
    return Findings([
        median_row(f"{title}: time", "s", rounds, "seconds", lambda v: share_of_litestream(v, .5, "at most half")),
        median_row("the same: CPU of the daemon", "s", rounds, "cpu_seconds",
                   lambda v: share_of_litestream(v, .5, "at most half")),
        median_row("the same: bytes sent", "B", rounds, "bytes", lambda v: share_of_litestream(v, 1, "fewer")),
        median_row("the same: objects", "", rounds, "objects"),
        median_row("the same: peak memory", "B", rounds, "peak_memory", lambda v: at_most(v, 64e6, "at most 64 MB")),
        median_row("restore of that database (bare: cp)", "s", rounds, "restore_seconds", restore_goal(rounds)),
        median_row("the same, CPU", "s", rounds, "restore_cpu_seconds"),
        median_row("cp of that database and fsync", "s", {"bare": rounds["bare"]}, "with_sync"),
    ])
