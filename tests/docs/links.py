#!/usr/bin/env python3
"""Checks that every relative link of every page leads somewhere, anchors included, and that the index of the manual
names every page of it.

usage: links.py REPOSITORY
"""
import os
import sys

from docs.page import pages

INDEX = "docs/README.md"
NOT_IN_THE_INDEX = ("docs/adr/",)  # the index names the folder


def broken_links(root, found):
    by_path = {page.path: page for page in found}
    for page in found:
        for number, target in page.links():
            if "://" in target or target.startswith("mailto:"):
                continue
            path, _, anchor = target.partition("#")
            there = os.path.normpath(os.path.join(os.path.dirname(page.path), path)) if path else page.path
            where = f"{page.path}:{number}: {target}"
            if not os.path.exists(os.path.join(root, there)):
                yield f"{where}: there is no such file"
            elif anchor and (there not in by_path or anchor not in by_path[there].anchors()):
                yield f"{where}: there is no such heading"


def missing_in_the_index(found):
    index = next(page for page in found if page.path == INDEX)
    named = {os.path.normpath(os.path.join("docs", target.partition("#")[0])) for _, target in index.links()}
    for page in found:
        listed = page.path.startswith("docs/") and page.path != INDEX
        if listed and not page.path.startswith(NOT_IN_THE_INDEX) and page.path not in named:
            yield f"{INDEX}: does not name {page.path}"


def main():
    root = sys.argv[1]
    found = pages(root)
    complaints = [*broken_links(root, found), *missing_in_the_index(found)]
    count = sum(1 for page in found for _ in page.links())
    print("\n".join(complaints) if complaints else f"{len(found)} pages, {count} links: all lead somewhere")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
