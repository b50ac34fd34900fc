#!/usr/bin/python3
"""Puts the findings of a run into docs/benchmarks.md, the plots beside it.

    tests/bench/publish.py result.json [docs/benchmarks.md] [--part NAME]

What lies between the two marks in the document is replaced; the rest is written by people. `--part growth`: between
those of that part, so that a run of one measure alone leaves the table of the others.
"""
import argparse
import json
import os
import shutil
import sys

sys.dont_write_bytecode = True

import plot  # noqa: E402
import report  # noqa: E402

END = "<!-- end of what publish.py writes -->\n"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def row(found):
    goal = report.Goal(**found["goal"]) if found["goal"] else None
    return report.Row(found["measure"], found["unit"], found["values"], goal)


def circumstances(result):
    machine, loads = result["machine"], result["load_before"].values()
    sentence = (f"Run of {result['date'][:10]} with `{result['command']}`: {machine['cores']} cores "
                f"({machine['architecture']}), {machine['memory_bytes'] / 1e9:.0f} GB of memory, file system "
                f"{machine['file_system']}.")
    if machine["load_at_start"] > 0.5:
        sentence += (f"\n**The machine was busy with other work** (load {machine['load_at_start']:.1f} at the start, "
                     f"up to {max(loads):.1f} before a measure): times are longer than they had to be, for all; bytes "
                     "and memory are not.")
    return sentence


def begin(part):
    return f"<!-- written by tests/bench/publish.py{' --part ' + part if part else ''} -->\n"


def written(result, plots, mark):
    parts = [circumstances(result), report.table([row(found) for found in result["rows"]])]
    if result["series"]:
        parts.append("\n".join(f"![{each['title']}]({plots}/{each['name']}.svg)" for each in result["series"]))
    return mark + "\n".join(part + "\n" for part in parts) + END


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result")
    parser.add_argument("document", nargs="?", default=os.path.join(ROOT, "docs", "benchmarks.md"))
    parser.add_argument("--part", default="")
    return parser.parse_args()


def main():
    options = arguments()
    document = options.document
    with open(options.result, encoding="utf-8") as content:
        result = json.load(content)
    with open(document, encoding="utf-8") as content:
        before, mark, rest = content.read().partition(begin(options.part))
    if not mark:
        sys.exit(f"{document} has no line {begin(options.part).strip()!r}")
    _, _, after = rest.partition(END)
    folder = os.path.splitext(document)[0]
    os.makedirs(folder, exist_ok=True)
    for series in result["series"]:
        with open(os.path.join(folder, series["name"] + ".svg"), "w", encoding="utf-8") as output:
            output.write(plot.svg(series))
    with open(document, "w", encoding="utf-8") as output:
        output.write(before + written(result, os.path.basename(folder), mark) + after)
    kept = os.path.join(os.path.abspath(folder), (options.part or "result") + ".json")
    if os.path.abspath(options.result) != kept:
        shutil.copyfile(options.result, kept)


if __name__ == "__main__":
    main()
