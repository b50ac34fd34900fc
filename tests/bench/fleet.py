"""One streamd with many databases, alone: start, rest, one write in each, stop, and the next start."""
import os
import shutil
import time

import application
from harness.waiting import wait_until
from many import crowd
from report import Findings, Row, at_most


def threads_and_descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/task")), len(os.listdir(f"/proc/{pid}/fd"))


def all_follow(subject):
    status = subject.installation.streamctl("status", "--json")
    if status.code != 0 or status.json["daemon"] is None:
        return False
    return all(database["state"] == "live" and all(replica["state"] == "ok" for replica in database["replicas"])
               for database in status.json["databases"])


def seconds_since(began):
    return time.monotonic() - began


def first_life(subject, sizes):
    """Figures from the first start to the stop."""
    began = time.monotonic()
    subject.start()
    found = {"first_start": subject.wait_for_snapshots() / 1e9 - began, "first_start_cpu": subject.usage().cpu_seconds}
    subject.wait_until_idle()
    time.sleep(sizes.settled_seconds)
    before, began = subject.usage().cpu_seconds, time.monotonic()
    time.sleep(sizes.idle_seconds)
    found["idle_percent"] = 100 * (subject.usage().cpu_seconds - before) / seconds_since(began)
    found["threads"], found["descriptors"] = threads_and_descriptors(subject.pid)
    mark = subject.watcher.mark()
    written = application.write_each(subject.databases)
    count = len(subject.databases)

    def replicated(arrivals):
        times = {}
        for path, (when, _) in list(arrivals.items())[mark:]:
            times.setdefault(subject.replica_of(path), when)
        return max(times.values()) if len(times) == count else None
    last = subject.watcher.wait_for(replicated, f"one object in each of {count} replicas")
    found["replicated_after"] = (last - written["began"]) / 1e9
    found["writing_took"] = (written["done"] - written["began"]) / 1e9
    began = time.monotonic()
    subject.stop()
    found["stop"] = seconds_since(began)
    return found


def next_start(subject):
    began = time.monotonic()
    subject.start()
    wait_until(lambda: all_follow(subject), "every database followed", progress=lambda: subject.usage().cpu_seconds)
    found = {"next_start": seconds_since(began), "peak_memory": subject.usage().peak_memory}
    subject.stop()
    return found


def fleet(replicator, folder, count, sizes):
    home = os.path.join(folder, "fleet")
    subject = replicator(home, crowd(home, count))
    try:
        found = first_life(subject, sizes) | next_start(subject)
    finally:
        subject.close()
    shutil.rmtree(home)
    return found


def rows(count, found):
    goals = {(1000, "idle_percent"): (1, "under 1 %"), (1000, "peak_memory"): (150e6, "under 150 MB"),
             (1000, "replicated_after"): (2, "at most 2 s"), (4000, "first_start"): (30, "under 30 s"),
             (4000, "next_start"): (30, "under 30 s")}

    def row(measure, unit, key):
        values = {"streamd": found[key]}
        goal = at_most(values, *goals[count, key]) if (count, key) in goals else None
        return Row(measure, unit, values, goal)
    return [row(f"{count} databases, first start: until all have a snapshot", "s", "first_start"),
            row("the same: CPU", "s", "first_start_cpu"),
            row("the same, at rest: share of a core", "%", "idle_percent"),
            row("the same: threads", "", "threads"), row("the same: descriptors", "", "descriptors"),
            row("one write to each: all replicated after", "s", "replicated_after"),
            row("the same: of that the writing took", "s", "writing_took"),
            row("stop", "s", "stop"), row("next start: until all are followed", "s", "next_start"),
            row("peak memory of the next life", "B", "peak_memory")]


def measure(context):
    found = Findings()
    streamd = next(each for each in context.replicators if each.name == "streamd")
    for count in context.sizes.fleets:
        sample = fleet(streamd, context.folder, count, context.sizes)
        context.note(f"{count} databases: {sample}")
        found.rows += rows(count, sample)
    return found
