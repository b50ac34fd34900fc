#!/usr/bin/env python3
"""Checks promises about the tree: nothing left undone, every engine folder and header introduces itself.

usage: tree.py REPOSITORY
"""
import os
import re
import sys

from tracked import tracked_files

CODE = ("engine", "plugins", "sdk")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
VAGUE_FOLDERS = {"util", "utils", "helpers", "misc", "common_utils"}


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as content:
        return content.read()


def unfinished(root):
    for path in tracked_files(root, *CODE):
        for number, line in enumerate(read(root, path).splitlines(), 1):
            if UNFINISHED.search(line):
                yield f"{path}:{number}: says that something is left to do: {line.strip()}"


def folders_without_readme(root):
    for path in tracked_files(root, "engine"):
        folder, name = os.path.split(path)
        is_library = name == "CMakeLists.txt" and folder.count("/") == 1
        if is_library and not os.path.isfile(os.path.join(root, folder, "README.md")):
            yield f"{folder}: has no README.md"


def headers_without_comment(root):
    for path in tracked_files(root, "engine"):
        if path.endswith(".h") and not re.match(r"\s*(//|/\*)", read(root, path)):
            yield f"{path}: does not begin with a comment that says what it is"


def vague_folders(root):
    for folder in sorted({os.path.dirname(path) for path in tracked_files(root)}):
        if VAGUE_FOLDERS & set(folder.split("/")):
            yield f"{folder}: a folder's name must say what is in it"


def main():
    root = sys.argv[1]
    complaints = [complaint for check in (unfinished, folders_without_readme, headers_without_comment, vague_folders)
                  for complaint in check(root)]
    print("\n".join(complaints) if complaints else f"{len(tracked_files(root))} files keep what the tree promises")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
