"""The benchmark runs from end to end with next to no work; its figures are there and sane, nothing is said of speed."""
import json
import os
import subprocess
import sys

from harness import case
from harness.daemon import run

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MEASURES = "full-speed,latency,offline,many,page,growth"


def test_table_json_and_document(folder):
    for program in ("streamd", "streamctl", "bench_writer"):
        case.program(program)
    result, document = os.path.join(folder, "result.json"), os.path.join(folder, "benchmarks.md")
    command = [sys.executable, "-B", os.path.join(BENCH, "run.py"), "--trivial", "--only", MEASURES, "--out", result,
               "--folder", folder]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert os.listdir(folder) == ["result.json"], f"left behind: {os.listdir(folder)}"
    with open(result, encoding="utf-8") as content:
        found = json.load(content)
    rows = {row["measure"]: row for row in found["rows"]}
    assert all(measure in ended.stdout for measure in rows)
    sent = next(row for measure, row in rows.items() if measure.endswith("bytes sent"))["values"]["streamd"]
    assert 10_000 < sent < 10_000_000, rows  # 300 transactions of three small rows
    for row in rows.values():
        assert all(value >= 0 for value in row["values"].values()), row
    assert {"streamd"} <= set(found["series"][0]["points"])
    with open(document, "w", encoding="utf-8") as output:
        output.write("before\n<!-- written by tests/bench/publish.py -->\nan earlier run\n"
                     "<!-- end of what publish.py writes -->\nafter\n")
    run([sys.executable, os.path.join(BENCH, "publish.py"), result, document]).expect()
    with open(document, encoding="utf-8") as content:
        text = content.read()
    assert text.startswith("before\n") and text.endswith("after\n") and "an earlier run" not in text
    assert all(measure in text for measure in rows)
    assert len(os.listdir(os.path.join(folder, "benchmarks"))) == len(found["series"]) + 1


if __name__ == "__main__":
    case.run(globals())
