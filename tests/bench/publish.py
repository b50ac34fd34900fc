#!/usr/bin/python3
"""Puts the findings of a run into docs/benchmarks.md, the plots beside it.

    tests/bench/publish.py result.json [docs/benchmarks.md]

What lies between the two marks in the document is replaced; the rest is written by people.
"""
import json
import os
import shutil
import sys

sys.dont_write_bytecode = True

import plot  # noqa: E402
import report  # noqa: E402

BEGIN, END = "<!-- written by tests/bench/publish.py -->\n", "<!-- end of what publish.py writes -->\n"
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


def written(result, plots):
    parts = [circumstances(result), report.table([row(found) for found in result["rows"]])]
    if result["series"]:
        parts.append("\n".join(f"![{each['title']}]({plots}/{each['name']}.svg)" for each in result["series"]))
    return BEGIN + "\n".join(part + "\n" for part in parts) + END


def main():
    source = sys.argv[1]
    document = sys.argv[2] if len(sys.argv) > 2 else os.path.join(ROOT, "docs", "benchmarks.md")
    with open(source, encoding="utf-8") as content:
        result = json.load(content)
    with open(document, encoding="utf-8") as content:
        before, _, rest = content.read().partition(BEGIN)
    _, _, after = rest.partition(END)
    folder = os.path.splitext(document)[0]
    os.makedirs(folder, exist_ok=True)
    for series in result["series"]:
        with open(os.path.join(folder, series["name"] + ".svg"), "w", encoding="utf-8") as output:
            output.write(plot.svg(series))
    with open(document, "w", encoding="utf-8") as output:
        output.write(before + written(result, os.path.basename(folder)) + after)
    if os.path.abspath(source) != os.path.join(os.path.abspath(folder), "result.json"):
        shutil.copyfile(source, os.path.join(folder, "result.json"))


if __name__ == "__main__":
    main()
