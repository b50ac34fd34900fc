"""From a commit to its object in the replica, one write after a quiet time.

Both programs wait side by side, each with a database of its own, and so does a writer that nobody watches. Between
two commits lie 3 to 4 s, so that no commit meets a timer at a fixed place.
"""
import concurrent.futures
import os
import shutil

import application
from report import Findings, Row, aiming, at_most, quantile

QUIET_US, JITTER_US = 3_000_000, 1_000_000


def last_txid(path):
    """Of one of streamd's segments, named <first>-<last>-<time>.<kind>."""
    return int(os.path.basename(path).split("-")[1], 16)


def latencies(subject, commits, first_txid):
    """Seconds from each commit to the arrival of the object that holds it."""
    carriers = [(path, when) for path, (when, _) in subject.watcher.arrivals.items()
                if path.endswith(subject.change_suffix)]
    found = []
    for offset, commit in enumerate(commits):
        if first_txid is not None:
            arrived = [when for path, when in carriers if last_txid(path) >= first_txid + offset]
        else:  # Litestream's names tell positions in the log: what comes after the commit counts as carrying it
            arrived = [when for _, when in carriers if when > commit.monotonic]
        assert arrived, f"{subject.name} never sent commit {commit.n}"
        found.append((min(arrived) - commit.monotonic) / 1e9)
    return found


def write_seldom(database, seed, count):
    """`count` commits with a quiet time before each; the writer's own figures."""
    return application.run(database, count, rate=1e6 / QUIET_US, jitter_us=JITTER_US, rows=1, seed=seed,
                           commits=database + ".commits")


def collect(subject, first_txid):
    subject.settle()
    samples = latencies(subject, application.read_commits(subject.databases[0] + ".commits"), first_txid)
    subject.stop()
    return samples


def side_by_side(context, home):
    """{subject: latencies} and {subject: the writer's figures}; a third writer has nobody beside it."""
    databases = {name: os.path.join(home, name + ".db") for name in ("bare", *(each.name for each in context.replicators))}
    for database in databases.values():
        application.create(database)
    subjects = [replicator(home, [databases[replicator.name]]) for replicator in context.replicators]
    try:
        firsts = {}
        for subject in subjects:
            subject.start_ready()
            firsts[subject.name] = subject.txid() + 1 if subject.name == "streamd" else None
        with concurrent.futures.ThreadPoolExecutor() as pool:
            running = {name: pool.submit(write_seldom, database, seed, context.sizes.quiet_writes)
                       for seed, (name, database) in enumerate(databases.items(), 1)}
        samples = {subject.name: collect(subject, firsts[subject.name]) for subject in subjects}
    finally:
        for subject in subjects:
            subject.close()
    return samples, {name: future.result() for name, future in running.items()}


def measure(context):
    home = os.path.join(context.folder, "run")
    samples, writers = side_by_side(context, home)
    shutil.rmtree(home)
    title = "commit to replica, one write after a quiet time"
    half, nearly_all = ({subject: quantile(each, share) for subject, each in samples.items()} for share in (.5, .99))
    rows = [Row(f"{title}: p50", "s", half, aiming(at_most(half, .020, "under 20 ms"), half, .003, "3 ms"), samples),
            Row("the same: p99", "s", nearly_all, at_most(nearly_all, .100, "under 100 ms"))]
    rows += [Row(f"the same: writer's commit {share}", "ms", {name: each[f"{share}_ms"] for name, each in writers.items()})
             for share in ("p50", "p99")]
    context.note(f"commit to replica: {[(row.measure, row.values) for row in rows]}")
    return Findings(rows)
