#!/usr/bin/env python3
"""Checks that C and C++ sources are formatted as .clang-format says.

usage: format.py REPOSITORY
"""
import re
import shutil
import subprocess
import sys

from tracked import SKIP, tracked_files

PATTERNS = ("*.h", "*.hpp", "*.c", "*.cpp")
BY_HAND = {"sdk/include/streamd/driver.h"}  # a contract laid out as a table, to be read rather than to change
RELEASE = "version 14."  # Debian 12's; other releases break lines differently


def main():
    root = sys.argv[1]
    if shutil.which("clang-format") is None:
        print("clang-format is not installed")
        return SKIP
    version = subprocess.run(["clang-format", "--version"], check=True, capture_output=True, text=True).stdout
    if RELEASE not in version:
        print(f"this clang-format is not {RELEASE}x: {version.strip()}")
        return SKIP
    paths = sorted(set(tracked_files(root, *PATTERNS)) - BY_HAND)
    # One process for all: starting it takes longer than most files do.
    ended = subprocess.run(["clang-format", "--dry-run", "-Werror", *paths], cwd=root, capture_output=True, text=True,
                           check=False)
    wrong = sorted(set(re.findall(r"^(.+?):\d+:\d+: error: ", ended.stderr, re.MULTILINE)))
    for path in wrong:
        print(f"{path}: not formatted; run: clang-format -i {path}")
    if ended.returncode != 0 and not wrong:
        print(ended.stderr.strip())
    return int(ended.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
