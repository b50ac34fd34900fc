#!/usr/bin/env python3
"""A day of one transaction a second, faster: written to streamd and to Litestream side by side, then restored.

usage: tests/bench/history.py [--build FOLDER] [--transactions N] [--rate R]

What streamd does once a second or after ten minutes by default (`sync-interval`, `prune-grace`) it does as many times
faster here as transactions come faster than one a second; Litestream has its defaults.
"""
import argparse
import os
import shutil
import statistics
import sys
import tempfile
import threading

sys.path[:0] = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]

import application  # noqa: E402
import run  # noqa: E402
import subjects  # noqa: E402
from harness import processes  # noqa: E402

ROUNDS = 5


def in_miniature(factor):
    """streamd whose times are divided by `factor`."""
    class Faster(subjects.Streamd):
        def __init__(self, folder, databases):
            super().__init__(folder, databases, {"sync-interval": f"{max(1, round(1000 / factor))}ms",
                                                 "prune-grace": f"{max(1, round(600 / factor))}s"})
    return Faster


def write(kind, home, options, done):
    database = os.path.join(home, "app.db")
    os.makedirs(home)
    application.create(database)
    with kind(home, [database]) as subject:
        subject.start_ready()
        mark, before = subject.watcher.mark(), subject.usage()
        application.run(database, options.transactions, rate=options.rate)
        subject.settle()
        after = subject.usage()
        objects, size = subject.watcher.since(mark)
    done[subject.name] = (subject, database, after.cpu_seconds - before.cpu_seconds, after.peak_memory, objects, size)


def restore(subject, database):
    """(median of the time, median of the CPU, seconds; whether it is what the application wrote)."""
    out, samples = database + ".restored", []
    for _ in range(ROUNDS):
        samples.append(subject.restore(subject.replicas[0], out))
        try:
            same = application.content(out) == application.content(database)
        except Exception as failed:  # whatever SQLite says of a damaged one
            same = f"no: {failed}"
        os.remove(out)
    return *(statistics.median(column) for column in zip(*samples)), same


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/dev")
    parser.add_argument("--transactions", type=int, default=86_400)
    parser.add_argument("--rate", type=int, default=400, help="transactions a second")
    options = parser.parse_args()
    run.find_programs(options.build)
    kinds = [each for each in run.find_replicators() if each is not subjects.Streamd] + [in_miniature(options.rate)]
    folder, done = tempfile.mkdtemp(prefix="history-", dir=os.path.abspath(options.build)), {}
    try:
        threads = [threading.Thread(target=write, args=(kind, os.path.join(folder, str(i)), options, done))
                   for i, kind in enumerate(kinds)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for name, (subject, database, cpu, memory, objects, size) in done.items():
            seconds, restore_cpu, same = restore(subject, database)
            print(f"{name}: CPU {cpu:.1f} s, {memory / 1e6:.0f} MB of memory, {objects} objects, {size / 1e6:.0f} MB sent; "
                  f"restore {seconds:.2f} s, CPU {restore_cpu:.2f} s; the same database: {same}", flush=True)
    finally:
        processes.stop_all()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
