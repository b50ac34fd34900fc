"""A few rows of a large database change while the daemon is down: what its next start sends."""
import os
import shutil
import time

import application
from report import Findings, Row, at_most

ROWS = 200


def restarted(replicator, folder, megabytes):
    home = os.path.join(folder, "run")
    database, restored = os.path.join(home, "app.db"), os.path.join(home, "restored.db")
    application.fill(database, megabytes)
    with replicator(home, [database]) as subject:
        subject.start_ready()
        subject.stop()
        application.change(database, ROWS)
        mark, began = subject.watcher.mark(), time.monotonic_ns()
        subject.start()
        # Found by content, not by time: what was sent last is what completed it.
        subject.watcher.wait_for(lambda arrivals: len(arrivals) > mark, f"{subject.name}'s first object after its start")
        subject.settle()
        used = subject.usage()
        last = max(when for when, _ in list(subject.watcher.arrivals.values())[mark:])
        objects, size = subject.watcher.since(mark)
        subject.restore(subject.replicas[0], restored)
        application.assert_same(database, restored, subject.name)
    shutil.rmtree(home)
    return {"bytes": size, "objects": objects, "seconds": (last - began) / 1e9, "cpu_seconds": used.cpu_seconds}


def measure(context):
    megabytes = context.sizes.offline_megabytes
    samples = {}
    for replicator in context.replicators:
        samples[replicator.name] = restarted(replicator, context.folder, megabytes)
        context.note(f"offline, {replicator.name}: {samples[replicator.name]}")

    def values(key):
        return {name: sample[key] for name, sample in samples.items()}
    sent = values("bytes")
    return Findings([
        Row(f"{ROWS} changed rows in a {megabytes} MB database while the daemon was down: bytes sent on start", "B", sent,
            at_most(sent, 2e6, "under 2 MB")),
        Row("the same: until the last object is there", "s", values("seconds")),
        Row("the same: CPU of the daemon", "s", values("cpu_seconds")),
    ])
