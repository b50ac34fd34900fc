#!/usr/bin/env python3
"""Lists the skipped tests of a CTest report, each with the sentence it printed.

usage: skips.py REPORT.xml ALLOWED-SKIPS.txt
With CI=true the exit code is 1 when a test skipped that the list does not name.
"""
import os
import sys
import xml.etree.ElementTree as xml


def skipped_tests(report):
    """The (name, sentence) of every test that skipped."""
    for case in xml.parse(report).getroot().iter("testcase"):
        if case.find("skipped") is None:
            continue
        lines = (case.findtext("system-out") or "").strip().splitlines()
        yield case.get("name"), lines[-1] if lines else "(it does not say why)"


def allowed_names(path):
    with open(path, encoding="utf-8") as lines:
        return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def main():
    report, allowed_path = sys.argv[1:]
    if not os.path.exists(report):
        print("no test report was written: ctest did not get as far as running tests")
        return 1
    skipped = list(skipped_tests(report))
    if skipped:
        print(f"\nSkipped tests: {len(skipped)}")
    allowed = allowed_names(allowed_path)
    surprises = [name for name, _ in skipped if name not in allowed]
    for name, sentence in skipped:
        print(f"  {name}: {sentence}")
    if surprises and os.environ.get("CI") == "true":
        print(f"in CI these must run (or be named in {allowed_path}): {' '.join(surprises)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
