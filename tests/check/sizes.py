#!/usr/bin/env python3
"""Checks the sizes of source files and functions (docs/architecture.md, "sizes").

usage: sizes.py REPOSITORY
"""
import json
import os
import shutil
import statistics
import subprocess
import sys

from tracked import SKIP, tracked_files

FOLDERS = ("engine", "plugins", "sdk", "tests", "packaging")
LANGUAGES = (".h", ".hpp", ".c", ".cpp", ".py", ".sh")
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 80


def source_files(root):
    return [path for path in tracked_files(root, *FOLDERS) if path.endswith(LANGUAGES)]


def file_sizes(root, paths):
    """(lines, path), largest first."""
    sizes = []
    for path in paths:
        with open(os.path.join(root, path), "rb") as content:
            sizes.append((sum(1 for _ in content), path))
    return sorted(sizes, reverse=True)


def function_sizes(root, paths):
    """(lines, path:line name), largest first, as universal-ctags sees them."""
    command = ["ctags", "--output-format=json", "--fields=+ne", "--kinds-C=f", "--kinds-C++=f",
               "--kinds-Python=fm", "--kinds-Sh=f", "--map-C++=+.h", "-L", "-", "-f", "-"]
    listing = subprocess.run(command, cwd=root, input="\n".join(paths), check=True, capture_output=True, text=True)
    tags = [json.loads(line) for line in listing.stdout.splitlines()]
    return sorted(((tag["end"] - tag["line"] + 1, f"{tag['path']}:{tag['line']} {tag['name']}")
                   for tag in tags if "end" in tag), reverse=True)


def report(what, sizes, limit):
    """Prints the distribution and what is over the limit; returns whether all are within."""
    lines = sorted(size for size, _ in sizes)
    print(f"{what}: {len(lines)}, lines in the median {statistics.median(lines):.0f}, "
          f"at the 90th percentile {lines[len(lines) * 9 // 10]}, at most {lines[-1]} (limit {limit})")
    over = [(size, name) for size, name in sizes if size > limit]
    for size, name in over:
        print(f"  {size} lines, over {limit}: {name}")
    return not over


def main():
    root = sys.argv[1]
    if shutil.which("ctags") is None:
        print("universal-ctags is not installed, so functions cannot be measured")
        return SKIP
    paths = source_files(root)
    fine = [report("files", file_sizes(root, paths), FILE_LINES_MAX),
            report("functions", function_sizes(root, paths), FUNCTION_LINES_MAX)]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
