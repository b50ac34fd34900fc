#!/usr/bin/env python3
"""What the tests reach of engine/, plugins/ and sdk/, and a floor under it.

usage: coverage.py [--counted]
    --counted   no build and no tests: judges what build/coverage has counted so far

Builds the preset `coverage`, runs what carries the labels unit, end_to_end, conformance and sdk, and asks gcovr.
Every branch of the files in tests/coverage-pure.txt must be taken, and 85 % of the lines of every other file
reached; tests/coverage-excused.txt holds what stays below. Exit code 0 all is above its floor, 1 something is
not, 77 gcovr is not installed.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from itertools import zip_longest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build", "coverage")
MEASURED = ("engine/", "plugins/", "sdk/")
LABELS = "^(unit|end_to_end|conformance|sdk)$"
LINES_FLOOR = 85.0
SKIP = 77


class Reached:
    """What one file has of lines and branches, and how many of them were reached."""

    def __init__(self):
        self.counts = {}    # line -> times it ran
        self.branches = {}  # line -> times each of its branches was taken

    def add(self, entry):
        """What gcovr says of it; of a header once for each way by which it was included."""
        for line in entry["lines"]:
            if line.get("gcovr/noncode"):
                continue
            number, taken = line["line_number"], [branch["count"] for branch in line["branches"]]
            self.counts[number] = self.counts.get(number, 0) + line["count"]
            known = self.branches.get(number, [])
            self.branches[number] = [sum(pair) for pair in zip_longest(known, taken, fillvalue=0)]

    def missed_lines(self):
        return sorted(number for number, count in self.counts.items() if count == 0)

    def missed_branches(self):
        """(line, how many), by line."""
        missed = ((number, taken.count(0)) for number, taken in sorted(self.branches.items()))
        return [(number, count) for number, count in missed if count]

    def line_rate(self):
        return percent(len(self.counts) - len(self.missed_lines()), len(self.counts))

    def branch_count(self):
        return sum(map(len, self.branches.values()))

    def branches_taken(self):
        return self.branch_count() - sum(count for _, count in self.missed_branches())


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def ranges(numbers):
    """[3, 4, 5, 9] as "3-5 9"."""
    spans = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return " ".join(f"{first}-{last}" if last > first else str(first) for first, last in spans)


def entries(name):
    """The lines of a list in tests/, without comments, as words."""
    with open(os.path.join(ROOT, "tests", name), encoding="utf-8") as lines:
        return [line.split() for line in lines if line.strip() and not line.startswith("#")]


def count_afresh():
    """Builds and runs the tests with counters that begin at nothing; ctest's exit code."""
    subprocess.run(["cmake", "--preset", "coverage"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", BUILD], cwd=ROOT, check=True)
    for folder, _, names in os.walk(BUILD):
        for name in names:
            if name.endswith(".gcda"):
                os.unlink(os.path.join(folder, name))
    return subprocess.run(["ctest", "--test-dir", BUILD, "-j2", "-L", LABELS, "-LE", "soak|stress|bench",
                           "--output-on-failure", "--no-tests=error"], check=False).returncode


def measure():
    """path -> Reached, of every file that was compiled."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        subprocess.run(["gcovr", "--root", ROOT, "--gcov-executable", os.path.join(HERE, "gcov.sh"), "-j2",
                        "--exclude-throw-branches", "--exclude-unreachable-branches",
                        "--exclude-branches-by-pattern", ".*= default;", "--json", report,
                        *(f"--filter={part}" for part in MEASURED), BUILD], cwd=ROOT, check=True)
        with open(report, encoding="utf-8") as content:
            entries = json.load(content)["files"]
    files = {}
    for entry in entries:  # the include roots of the engine are links
        path = os.path.relpath(os.path.realpath(os.path.join(ROOT, entry["file"])), ROOT)
        files.setdefault(path, Reached()).add(entry)
    return files


def below_in_pure(reached, pure):
    for path in pure:
        if path not in reached:
            yield f"{path:<46} was not compiled, or holds no code: tests/coverage-pure.txt names it"
            continue
        file = reached[path]
        if file.missed_lines():
            yield f"{path:<46} {file.line_rate():5.1f} % of {len(file.counts)} lines: not {ranges(file.missed_lines())}"
        if file.missed_branches():
            where = " ".join(f"{number}({count})" for number, count in file.missed_branches())
            yield f"{path:<46} {file.branches_taken()} of {file.branch_count()} branches: not all of lines {where}"


def below_in_others(reached, pure, excused):
    for path in sorted(set(reached) - set(pure)):
        file = reached[path]
        floor = excused.get(path, LINES_FLOOR)
        if file.line_rate() < floor:
            yield (f"{path:<46} {file.line_rate():5.1f} % of {len(file.counts)} lines (floor {floor:.0f}): "
                   f"not {ranges(file.missed_lines())}")
        elif path in excused and file.line_rate() >= LINES_FLOOR:
            yield f"{path:<46} {file.line_rate():5.1f} %: it needs no excuse in tests/coverage-excused.txt any more"
    for path in sorted(set(excused) - set(reached)):
        yield f"{path:<46} was not compiled: tests/coverage-excused.txt names it"


def summary(name, files):
    lines, branches = sum(len(file.counts) for file in files), sum(file.branch_count() for file in files)
    missed = sum(len(file.missed_lines()) for file in files)
    taken = sum(file.branches_taken() for file in files)
    print(f"{name}: {len(files)} files, {percent(lines - missed, lines):.1f} % of {lines} lines, "
          f"{percent(taken, branches):.1f} % of {branches} branches")


def main():
    if shutil.which("gcovr") is None:
        print("gcovr is not installed")
        return SKIP
    failed = 0 if sys.argv[1:] == ["--counted"] else count_afresh()
    reached = measure()
    pure = [words[0] for words in entries("coverage-pure.txt")]
    excused = {path: float(floor) for path, floor, *_ in entries("coverage-excused.txt")}
    complaints = [*below_in_pure(reached, pure), *below_in_others(reached, pure, excused)]
    print("\n".join(complaints))
    summary("pure", [reached[path] for path in pure if path in reached])
    summary("others", [file for path, file in reached.items() if path not in pure])
    if failed:
        print("tests failed, so not everything was counted")
    return 1 if failed or complaints else 0


if __name__ == "__main__":
    sys.exit(main())
