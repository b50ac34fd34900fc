"""A fixed number of transactions at full speed: what the writer notices, and what replication costs."""
import os
import shutil
import statistics

import application
from report import Findings, Goal, Row, aiming, at_most, median_row, pick, quantile, share_of_litestream


def bare(folder, transactions, **options):
    """The writer alone."""
    home = os.path.join(folder, "run")
    database = os.path.join(home, "app.db")
    application.create(database)
    writer = application.run(database, transactions, **options)
    shutil.rmtree(home)
    return {"writer": writer}


def replicated(replicator, folder, transactions, **options):
    """The writer beside a daemon, then everything in the replica, then a restore that is compared."""
    home = os.path.join(folder, "run")
    database, restored = os.path.join(home, "app.db"), os.path.join(home, "restored.db")
    application.create(database)
    with replicator(home, [database]) as subject:
        subject.start_ready()
        mark, before = subject.watcher.mark(), subject.usage()
        writer = application.run(database, transactions, **options)
        subject.settle()
        after = subject.usage()
        objects, size = subject.watcher.since(mark)
        seconds, cpu = subject.restore(subject.replicas[0], restored)
        application.assert_same(database, restored, subject.name)
    shutil.rmtree(home)
    return {"writer": writer, "cpu_seconds": after.cpu_seconds - before.cpu_seconds, "peak_memory": after.peak_memory,
            "objects": objects, "bytes": size, "restore_seconds": seconds, "restore_cpu_seconds": cpu}


def interleaved(context, what, transactions, **options):
    """{subject: [sample]}; in each round the writer alone twice, because their difference is the noise."""
    kinds = [(name, lambda: bare(context.folder, transactions, **options)) for name in ("bare", "bare again")]
    kinds += [(each.name, lambda each=each: replicated(each, context.folder, transactions, **options))
              for each in context.replicators]
    seen = {name: [] for name, _ in kinds}
    for number in range(context.sizes.pairs):
        first = number % len(kinds)
        for name, measure in kinds[first:] + kinds[:first]:
            sample = measure()
            seen[name].append(sample)
            context.note(f"{what}, round {number + 1} of {context.sizes.pairs}, {name}: {sample}")
    return seen


def slow_down(what, rounds, path):
    """How many times longer than alone, paired by round; within noise means: as alone against alone."""
    alone = [pick(sample, path) for sample in rounds["bare"]]
    ratios = {name: [pick(sample, path) / base for sample, base in zip(samples, alone)]
              for name, samples in rounds.items() if name != "bare"}
    noise = ratios.pop("bare again")
    low, high = quantile(noise, .25), quantile(noise, .75)
    values = {name: statistics.median(each) for name, each in ratios.items()}
    values["bare"] = statistics.median(noise)
    goal = Goal(f"within noise: {low:.2f} to {high:.2f}", values["streamd"] <= high)
    return Row(what, "", values, goal, {**ratios, "bare": noise})


def measure(context):
    count = context.sizes.transactions
    rounds = interleaved(context, "full speed", count)
    title = f"{count:,} transactions at full speed"
    return Findings([
        median_row(f"{title}: bytes sent", "B", rounds, "bytes",
                   lambda v: aiming(share_of_litestream(v, .1, "at most a tenth"), v, 25e6, "25 MB")),
        median_row("the same: objects", "", rounds, "objects"),
        median_row("the same: CPU of the daemon", "s", rounds, "cpu_seconds",
                   lambda v: aiming(share_of_litestream(v, .5, "at most half"), v, 1.5, "1.5 s")),
        median_row("the same: peak memory", "B", rounds, "peak_memory", lambda v: at_most(v, 40e6, "at most 40 MB")),
        median_row("the same: restore of that history", "s", rounds, "restore_seconds",
                   lambda v: share_of_litestream(v, .5, "at most half")),
        median_row("the same: CPU of that restore", "s", rounds, "restore_cpu_seconds"),
        median_row("the same: writer's throughput, transactions a second", "", rounds, "writer.per_second"),
        median_row("the same: writer's commit p50", "ms", rounds, "writer.p50_ms"),
        median_row("the same: writer's commit p99", "ms", rounds, "writer.p99_ms"),
        slow_down("the same: writer's time against alone", rounds, "writer.seconds"),
    ])
