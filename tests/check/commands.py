#!/usr/bin/env python3
"""Checks that hints and documents name only commands of streamctl that this version has.

usage: commands.py REPOSITORY (the built program is in the environment variable STREAMCTL)
"""
import os
import re
import subprocess
import sys

from tracked import tracked_files

PLACES = ("engine", "plugins", "conf", "docs", "README.md", "packaging")
NAMED = re.compile(r"\bstreamctl ([a-z][a-z-]*)")
PROSE = {"will", "and"}  # words after the program's name that are no command


def mentions(root):
    for path in tracked_files(root, *PLACES):
        if not path.endswith((".cpp", ".h", ".md", ".toml", ".sh", ".py")):
            continue
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as content:
            for number, line in enumerate(content, 1):
                if path.endswith((".cpp", ".h")):
                    line = line.partition('"')[2]  # what a person gets to read, not comments
                for command in NAMED.findall(line):
                    if command not in PROSE:
                        yield command, f"{path}:{number}"


def commands_of(program):
    shown = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    listed = shown.split("Subcommands:\n", 1)[1].split("\n\n", 1)[0]
    return {line.split()[0] for line in listed.splitlines() if re.match(r"  \S", line)}


def main():
    program = os.environ.get("STREAMCTL")
    if not program or not os.access(program, os.X_OK):
        print("streamctl is not built here")
        return 77
    places = {}
    for command, place in mentions(sys.argv[1]):
        places.setdefault(command, []).append(place)
    known = commands_of(program)
    missing = {command: where for command, where in places.items() if command not in known}
    for command, where in sorted(missing.items()):
        print(f"there is no `streamctl {command}`, which is named in {', '.join(where)}")
    if not missing:
        print(f"{len(places)} commands are named, and exist")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
