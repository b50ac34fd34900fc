"""How cost grows with the work: transactions, size of the database, number of databases, rate."""
import os

import application
from full_speed import replicated
from many import idle_then_write
from report import Findings, Row, Series, at_most
from snapshot import snapshot_and_restore


def curves(context, what, steps, sample_at, plots, x_label):
    """Series of one axis. `plots` is [(name, title, y_label, key of the sample, factor)]."""
    points = {}
    for step in steps:
        for replicator in context.replicators:
            sample = sample_at(replicator, step)
            context.note(f"growth, {what} {step}, {replicator.name}: {sample}")
            points.setdefault(replicator.name, []).append((step, sample))
    return [Series(name, title, x_label, y_label,
                   {subject: [(step, sample[key] * factor) for step, sample in line] for subject, line in points.items()})
            for name, title, y_label, key, factor in plots]


def snapshots(context, sizes):
    database = os.path.join(context.folder, "large.db")

    def sample_at(replicator, megabytes):
        application.fill(database, megabytes)  # it grows from step to step
        return snapshot_and_restore(replicator, context.folder, database, compare=False)
    series = curves(context, "megabytes", sizes.grow_megabytes, sample_at, [
        ("size-time", "First snapshot", "seconds", "seconds", 1),
        ("size-cpu", "First snapshot: CPU", "seconds", "cpu_seconds", 1),
        ("size-memory", "First snapshot: peak memory", "MB", "peak_memory", 1e-6),
        ("size-restore", "Restore", "seconds", "restore_seconds", 1)], "size of the database, MB")
    os.remove(database)
    return series


def rates(context, sizes):
    def sample_at(replicator, rate):
        return replicated(replicator, context.folder, rate * sizes.grow_seconds, rate=rate)
    return curves(context, "rate", sizes.grow_rates, sample_at, [
        ("rate-cpu", f"CPU in {sizes.grow_seconds} s of paced load", "seconds", "cpu_seconds", 1),
        ("rate-bytes", f"Bytes sent in {sizes.grow_seconds} s of paced load", "MB", "bytes", 1e-6)],
        "transactions a second")


def crowds(context, sizes):
    def sample_at(replicator, count):
        return idle_then_write(replicator, context.folder, count, sizes.idle_seconds)
    return curves(context, "databases", sizes.grow_databases, sample_at, [
        ("databases-idle", "Idle databases: share of a core", "%", "idle_percent", 1),
        ("databases-memory", "Idle databases: peak memory", "MB", "peak_memory", 1e-6),
        ("databases-write", "One write to each: all replicated after", "seconds", "replicated_after", 1)],
        "number of databases")


def loads(context, sizes):
    def sample_at(replicator, transactions):
        return replicated(replicator, context.folder, transactions)
    return curves(context, "transactions", sizes.grow_transactions, sample_at, [
        ("load-memory", "Full speed: peak memory", "MB", "peak_memory", 1e-6),
        ("load-cpu", "Full speed: CPU", "seconds", "cpu_seconds", 1),
        ("load-bytes", "Full speed: bytes sent", "MB", "bytes", 1e-6)], "transactions")


def flat_memory(series, sizes):
    """The row about memory that does not grow: the last step against the first."""
    plot = next(each for each in series if each.name == "load-memory")
    values = {subject: points[-1][1] / points[0][1] for subject, points in plot.points.items()}
    times = sizes.grow_transactions[-1] // sizes.grow_transactions[0]
    return Row(f"peak memory at {times} times the transactions, times as much", "", values,
               at_most(values, 1.25, "flat: at most 1.25"))


def measure(context):
    sizes = context.sizes
    work = loads(context, sizes)
    return Findings([flat_memory(work, sizes)],
                    work + rates(context, sizes) + snapshots(context, sizes) + crowds(context, sizes))
