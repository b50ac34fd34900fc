"""Paced load, as a busy application has it: what replication costs, and what the writer notices."""
from full_speed import interleaved, slow_down
from report import Findings, aiming, median_row, share_of_litestream


def measure(context):
    sizes = context.sizes
    rounds = interleaved(context, "paced", sizes.rate * sizes.paced_seconds, rate=sizes.rate)
    title = f"{sizes.rate} transactions a second for {sizes.paced_seconds} s"
    return Findings([
        median_row(f"{title}: CPU of the daemon", "s", rounds, "cpu_seconds",
                   lambda v: share_of_litestream(v, .5, "at most half")),
        median_row("the same: bytes sent", "B", rounds, "bytes",
                   lambda v: aiming(share_of_litestream(v, .1, "at most a tenth"), v, 4e6, "4 MB")),
        median_row("the same: objects", "", rounds, "objects"),
        median_row("the same: peak memory", "B", rounds, "peak_memory"),
        median_row("the same: writer's commit p50", "ms", rounds, "writer.p50_ms"),
        median_row("the same: writer's commit p99", "ms", rounds, "writer.p99_ms"),
        slow_down("the same: writer's commit p50 against alone", rounds, "writer.p50_ms"),
    ])
