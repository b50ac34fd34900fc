"""Restores to past moments: how far each is from the last commit before it."""
import bisect
import datetime
import os
import shutil

import application
from report import Findings, Row, at_most


def rfc3339(nanoseconds):
    moment = datetime.datetime.fromtimestamp(nanoseconds // 1_000_000_000, datetime.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds % 1_000_000_000:09}Z"


class Comparison:
    """Restores to past moments, held against the times at which the writer's commits had returned."""

    def __init__(self, subject, commits, folder):
        self.subject, self.commits, self.out = subject, commits, os.path.join(folder, "moment.db")
        self.times = [commit.calendar for commit in commits]
        self.behind = []  # the first commit that a restore lacked, of each that lacked one

    def restored_to(self, moment):
        """The number (from 0) of the newest commit in a restore; commits before the first count as the first."""
        self.subject.restore(self.subject.replicas[0], self.out, rfc3339(moment))
        number = application.transactions(self.out) - self.commits[0].n
        os.remove(self.out)
        return max(number, 0)

    def distances(self, count):
        """Seconds between the restored commit and the last one before each of `count` moments over the run."""
        found = []
        for number in range(1, count + 1):
            moment = self.times[0] + (self.times[-1] - self.times[0]) * number // (count + 1)
            expected, restored = bisect.bisect_right(self.times, moment) - 1, self.restored_to(moment)
            found.append(abs(self.times[expected] - self.times[restored]) / 1e9)
            if restored < expected:
                self.behind.append(restored + 1)
        return found

    def capture_lag(self, first_txid):
        """The longest time from a commit to when streamd saw it, and from one commit to the next.

        Looked at where segments end and where a restore lacked something.
        """
        lags = []
        for segment in self.subject.segments():
            number = segment["last_txid"] - first_txid
            if 0 <= number < len(self.times):
                lags.append(datetime.datetime.fromisoformat(segment["time"]).timestamp() - self.times[number] / 1e9)
        for number in self.behind:
            lags.append(self.subject.seen(first_txid + number, self.out) - self.times[number] / 1e9)
            os.remove(self.out)
        return max(lags), max(after - before for before, after in zip(self.times, self.times[1:])) / 1e9


def past_moments(replicator, context, transactions, **options):
    home = os.path.join(context.folder, "run")
    database = os.path.join(home, "app.db")
    application.create(database)
    with replicator(home, [database]) as subject:
        subject.start_ready()
        ours = subject.name == "streamd"
        first = subject.txid() + 1 if ours else None
        application.run(database, transactions, commits=database + ".commits", **options)
        subject.settle()
        comparison = Comparison(subject, application.read_commits(database + ".commits"), home)
        found = {"distances": comparison.distances(context.sizes.moments)}
        if ours:
            found["lag"], found["longest_gap"] = comparison.capture_lag(first)
    shutil.rmtree(home)
    return found


def measure(context):
    sizes, rows = context.sizes, []
    loads = ((f"at {sizes.rate} transactions a second", sizes.rate * sizes.paced_seconds, {"rate": sizes.rate}),
             ("at full speed", sizes.transactions, {}))
    for load, transactions, options in loads:
        samples = {each.name: past_moments(each, context, transactions, **options) for each in context.replicators}
        values = {name: max(sample["distances"]) for name, sample in samples.items()}
        ours = samples["streamd"]
        limit, text = 0, "exact"
        if not options:
            limit = ours["lag"] + ours["longest_gap"]
            text = f"at most the capture's lag, {1000 * ours['lag']:.1f} ms, and one transaction"
        rows.append(Row(f"restore to {sizes.moments} past moments {load}: largest distance to the last commit before", "s",
                        values, at_most(values, limit, text), samples))
        context.note(f"past moments {load}: {samples}")
    return Findings(rows)
