"""Many databases in one daemon: idle, and then one write in each."""
import os
import shutil
import time

import application
from report import Findings, Row, at_most


def crowd(folder, count):
    """So many small databases; returns their paths."""
    home = os.path.join(folder, "databases")
    paths = [os.path.join(home, f"{number:04}.db") for number in range(count)]
    application.create(paths[0])
    for path in paths[1:]:
        shutil.copyfile(paths[0], path)
    return paths


def idle_then_write(replicator, folder, count, idle_seconds):
    home = os.path.join(folder, "run")
    databases = crowd(home, count)
    with replicator(home, databases) as subject:
        subject.start_ready()
        before, began = subject.usage(), time.monotonic()
        time.sleep(idle_seconds)
        idle = (subject.usage().cpu_seconds - before.cpu_seconds) / (time.monotonic() - began)
        resting = subject.usage()
        mark = subject.watcher.mark()
        written = application.write_each(databases)

        def replicated(arrivals):
            times = {}
            for path, (when, _) in list(arrivals.items())[mark:]:
                if path.endswith(subject.change_suffix):
                    times.setdefault(subject.replica_of(path), when)
            return max(times.values()) if len(times) == count else None
        last = subject.watcher.wait_for(replicated, f"one object in each of {subject.name}'s {count} replicas")
        subject.settle()
        for index in {0, count - 1}:
            restored = os.path.join(home, f"restored-{index}.db")
            subject.restore(subject.replicas[index], restored)
            application.assert_same(databases[index], restored, subject.name)
    shutil.rmtree(home)
    return {"idle_percent": 100 * idle, "peak_memory": resting.peak_memory, "per_database": resting.peak_memory / count,
            "replicated_after": (last - written["began"]) / 1e9,
            "writing_took": (written["done"] - written["began"]) / 1e9}


def measure(context):
    count = context.sizes.databases
    samples = {}
    for replicator in context.replicators:
        samples[replicator.name] = idle_then_write(replicator, context.folder, count, context.sizes.idle_seconds)
        context.note(f"{count} databases, {replicator.name}: {samples[replicator.name]}")

    def values(key):
        return {name: sample[key] for name, sample in samples.items()}
    idle, memory, after = values("idle_percent"), values("per_database"), values("replicated_after")
    return Findings([
        Row(f"{count} idle databases: share of a core", "%", idle, at_most(idle, .3, "under 0.3 %")),
        Row("the same: peak memory", "B", values("peak_memory")),
        Row("the same: peak memory, each", "B", memory, at_most(memory, 200e3, "under 200 KB")),
        Row(f"one write to each of {count}: all replicated after", "s", after, at_most(after, .25, "at most 0.25 s")),
        Row("the same: of that the writing took", "s", values("writing_took")),
    ])
