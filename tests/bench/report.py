"""What a run has found: rows for people and for machines, and how they are judged."""
import dataclasses
import statistics

SUBJECTS = ("bare", "litestream", "streamd")
TITLES = {"bare": "bare", "litestream": "Litestream 0.3.13", "streamd": "streamd"}


@dataclasses.dataclass
class Goal:
    """What streamd must reach, and what it aims at. None: nothing is asked, or Litestream was not there to tell."""
    must: str
    met: bool | None
    aim: str = ""
    aim_met: bool | None = None

    def text(self):
        return self.must + (f"; aim: {self.aim}" if self.aim else "")

    def verdict(self):
        words = {True: "yes", False: "**no**", None: "?"}
        return words[self.met] + (f"; aim: {'yes' if self.aim_met else 'no'}" if self.aim else "")


@dataclasses.dataclass
class Row:
    measure: str
    unit: str            # B, s, ms, %, 1/s or empty
    values: dict         # subject: figure
    goal: Goal | None = None
    samples: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Series:
    """One plot: how a cost grows."""
    name: str            # of its file
    title: str
    x_label: str
    y_label: str
    points: dict         # subject: [(x, y), ...]


@dataclasses.dataclass
class Findings:
    rows: list = dataclasses.field(default_factory=list)
    series: list = dataclasses.field(default_factory=list)


def share_of_litestream(values, share, text):
    """At most this share of Litestream's figure."""
    theirs = values.get("litestream")
    return Goal(text, None if theirs is None else values["streamd"] <= share * theirs)


def at_most(values, limit, text):
    return Goal(text, values["streamd"] <= limit)


def aiming(goal, values, limit, text):
    """The same goal, with something better to aim at."""
    return dataclasses.replace(goal, aim=text, aim_met=values["streamd"] <= limit)


def quantile(samples, share):
    """By nearest rank: a figure that was really measured."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def pick(sample, path):
    for key in path.split("."):
        sample = sample[key]
    return sample


def median_row(measure, unit, rounds, path, goal=None):
    """A row of medians; `rounds` is {subject: [sample]}, `path` says where in a sample the figure is."""
    samples = {}
    for subject in SUBJECTS:
        if rounds.get(subject) and _has(rounds[subject][0], path):
            samples[subject] = [pick(sample, path) for sample in rounds[subject]]
    values = {subject: statistics.median(figures) for subject, figures in samples.items()}
    return Row(measure, unit, values, goal(values) if goal else None, samples)


def _has(sample, path):
    try:
        pick(sample, path)
        return True
    except KeyError:
        return False


def show(value, unit):
    if value is None:
        return "–"
    if unit == "B":
        for factor, name in ((1e6, "MB"), (1e3, "KB")):
            if abs(value) >= factor:
                return f"{value / factor:.3g} {name}" if value < 100 * factor else f"{value / factor:.0f} {name}"
        return f"{value:.0f} B"
    if unit == "s" and abs(value) < 1:
        return f"{value * 1000:.3g} ms"
    digits = f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{digits} {unit}".strip()


def table(rows):
    """Markdown."""
    titles = " | ".join(TITLES[subject] for subject in SUBJECTS)
    lines = [f"| measure | {titles} | streamd : Litestream | goal | reached |",
             "| --- | --- | --- | --- | --- | --- | --- |"]
    for row in rows:
        cells = [row.measure] + [show(row.values.get(subject), row.unit) for subject in SUBJECTS]
        theirs, ours = row.values.get("litestream"), row.values.get("streamd")
        cells.append(f"{ours / theirs:.3f}" if theirs and ours is not None else "–")
        cells.append(row.goal.text() if row.goal else "")
        cells.append(row.goal.verdict() if row.goal else "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
