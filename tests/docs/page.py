"""The pages of the manual as a test reads them: headings, links, code spans, fenced blocks.

A block is run by tests/docs/commands.py when a comment above it says so:

    <!-- run -->              above ```sh: a script in which nothing may fail;
                              above ```console: commands after `$ `, each followed by what it prints
    <!-- file /etc/x.toml --> above any block: it is what that file contains
    <!-- run                  commands that no reader needs to see, up to the line `-->`
"""
import dataclasses
import os
import re

from check.tracked import tracked_files

MARK = re.compile(r"<!-- (run|file)(?: (\S+))? -->$")
FENCE = re.compile(r"\s*```(\w*)\s*$")
HIDDEN = "<!-- run"
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`]+)`")


@dataclasses.dataclass
class Block:
    """`language` as written after the fence; `mark` is "", "run" or "file"; `target` the path of a file."""
    line: int
    language: str
    mark: str
    target: str
    lines: list


class Page:
    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8") as content:
            self.lines = content.read().splitlines()
        self.blocks, self.prose = [], []  # prose: (line number, text) of what is in no block and no comment
        self._split()

    def _split(self):
        mark, target, block, closing = "", "", None, None
        for number, line in enumerate(self.lines, 1):
            fence = FENCE.match(line)
            if block is not None:
                if line.strip() == closing:
                    self.blocks.append(block)
                    block = None
                else:
                    block.lines.append(line)
            elif line == HIDDEN:
                block, closing = Block(number, "sh", "run", "", []), "-->"
            elif fence:
                block, closing = Block(number, fence.group(1), mark, target, []), "```"
                mark = target = ""
            elif found := MARK.match(line):
                mark, target = found.group(1), found.group(2) or ""
            else:
                self.prose.append((number, line))
        if block is not None:
            raise AssertionError(f"{self.path}:{block.line}: this block has no end")

    def anchors(self):
        """Of headings, spelled as forges spell them."""
        found = set()
        for _, line in self.prose:
            heading = re.match(r"#+ (.*)", line)
            if heading:
                text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1))
                name = re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")
                repeated = sum(1 for other in found if re.fullmatch(re.escape(name) + r"(-\d+)?", other))
                found.add(name + (f"-{repeated}" if name in found else ""))
        return found

    def links(self):
        for number, line in self.prose:
            for target in LINK.findall(SPAN.sub("", line)):
                yield number, target

    def spans(self):
        """What stands between backticks, in prose and tables."""
        for number, line in self.prose:
            for span in SPAN.findall(line):
                yield number, span


def pages(root):
    return [Page(root, path) for path in tracked_files(root, "*.md")]
