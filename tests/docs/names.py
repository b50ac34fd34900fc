#!/usr/bin/env python3
"""Checks the manual against the built programs: each option, command, configuration key, metric, event, exit code, variable
of the environment and code of the driver ABI that a page names exists, and each that exists is in the page it belongs to.

usage: names.py REPOSITORY
"""
import os
import re
import sys
import tomllib

from check.tracked import tracked_files
from docs import program
from docs.page import pages
from harness import case

OF_A_PROGRAM = re.compile(r"\b(streamctl|streamd)\b((?:\s+[^\s|&;#>]+)*)")
OF_OTHERS = {"--list"}  # of streamd-driver-check
METRIC = re.compile(r"\b(?:streamd_(?:database|databases|capture|replica|store|events|build)|process)_[a-z0-9_]+")
VARIABLE = re.compile(r"\b(?:STREAMD|AWS|B2)_[A-Z0-9_]*[A-Z0-9]\b")
KEY = re.compile(r"^\s*#?\s*\"?([a-z][a-z-]*)\"?\s*=")
SETTING = re.compile(r"[a-z][a-z-]* = ")
INLINE_KEY = re.compile(r"\{[^}]*\}")
TABLES = r"streamd|log|defaults|database|database\.replica|storage\.[\w-]+"


class Manual:
    def __init__(self, root):
        self.root = root
        self.pages = {page.path: page for page in pages(root)}
        # What is said of a past or of other programs names things that need not exist.
        self.present = [page for path, page in self.pages.items() if not path.startswith("docs/adr/") and path != "CHANGELOG.md"]

    def rows(self, path, heading, title=None):
        """Cells of the table rows below a heading, of the table whose first column has this title: (line number, cells)."""
        below, in_table, before = False, title is None, ""
        for number, line in self.pages[path].prose:
            if line.startswith("#"):
                below = line.lstrip("#").strip() == heading
            elif below and re.match(r"\| [^-]", line):
                if title and not before.startswith("|"):
                    in_table = line.startswith(f"| {title} |")
                if in_table:
                    yield number, [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            before = line

    def first_cells(self, path, heading):
        """What the first cells of a table name in backticks."""
        return {name for _, cells in self.rows(path, heading) for name in re.findall(r"`([^`]+)`", cells[0])}

    def code(self, *folders):
        for path in tracked_files(self.root, *folders):
            if path.endswith((".cpp", ".c", ".h", ".hpp", ".cmake", ".txt", ".py", ".sh", ".in")):
                with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as content:
                    yield path, content.read()


def differences(what, place, documented, existing):
    for name in sorted(documented - existing):
        yield f"{place}: names {what} {name}, which does not exist"
    for name in sorted(existing - documented):
        yield f"{place}: does not name {what} {name}"


def check_options(manual):
    options = program.all_options()
    common = options["streamctl"]
    documented = {}
    for number, cells in manual.rows("docs/cli.md", "Options"):
        for command in re.findall(r"`([^`]+)`", cells[0]):
            documented[command] = (number, set(program.LONG.findall(cells[1])))
    yield from differences("command", "docs/cli.md, Options", set(documented), set(options))
    for command, (number, named) in documented.items():
        own = options.get(command, set()) - {"--help"}
        if command not in ("streamctl", "streamd"):
            own -= common
            named -= common
        yield from differences(f"of `{command}` the option", f"docs/cli.md:{number}", named, own)
    commands = {name.partition(" ")[0] for name in options} - {"streamd", "streamctl"}
    table = {word.split()[0] for word in manual.first_cells("docs/cli.md", "Command line")}
    yield from differences("command", "docs/cli.md, the first table", table, commands)
    yield from named_options(manual, options)


def named_options(manual, options):
    """Options in command lines and code spans."""
    everywhere = set.union(*options.values()) | OF_OTHERS
    for page in manual.present:
        spans = list(page.spans())
        for block in page.blocks:
            spans += [(number, line) for number, line in enumerate(block.lines, block.line + 1)]
        for number, text in spans:
            if text.startswith("--") and program.LONG.match(text).group() not in everywhere:
                yield f"{page.path}:{number}: {text}: there is no such option"
            for name, rest in OF_A_PROGRAM.findall(text):
                words = rest.split()
                command = name
                if name == "streamctl" and words and words[0] in options:
                    command = words[0]
                elif name == "streamctl" and " ".join(words[:2]) in options:
                    command = " ".join(words[:2])
                known = options[command] | (options["streamctl"] if name == "streamctl" else set())
                for option in program.LONG.findall(rest.partition("--exec")[0] if name == "streamd" else rest):
                    if option not in known:
                        yield f"{page.path}:{number}: `{command}` has no option {option}"


def check_configuration(manual):
    existing = program.manual("streamd.toml.5", "OPTIONS")
    documented = manual.first_cells("docs/configuration.md", "Options")
    yield from differences("key", "docs/configuration.md, Options", documented, existing)
    drivers = program.drivers()
    if "file" in drivers:
        yield from differences("option", "docs/drivers.md, The file driver",
                               manual.first_cells("docs/drivers.md", "The file driver"), drivers["file"])
    known = existing.union(*drivers.values()) | {"all", "hourly", "daily", "weekly", "monthly", "yearly", "snapshots", "replicas"}
    if len(drivers) < 5:
        return  # built without some: their options are not known
    for page in manual.present:
        for number, span in page.spans():
            if SETTING.match(span) and not page.path.startswith("docs/formats/"):  # there are formulas
                yield from keys_of(page, number, span, known)
        for block in page.blocks:
            if block.language == "toml":
                yield from syntax_of(page, block)
                for number, line in enumerate(block.lines, block.line + 1):
                    yield from keys_of(page, number, line, known)


def syntax_of(page, block):
    try:
        tomllib.loads("\n".join(block.lines))
    except tomllib.TOMLDecodeError as problem:
        yield f"{page.path}:{block.line}: {problem}"


def keys_of(page, number, line, known):
    section = re.match(r"\s*#?\s*\[\[?([\w.-]+)\]\]?", line)
    if section and not re.fullmatch(TABLES, section.group(1)):
        yield f"{page.path}:{number}: [{section.group(1)}]: there is no such section"
    key = KEY.match(line)
    inner = [word for table in INLINE_KEY.findall(line.partition("#")[0]) for word in re.findall(r"([a-z-]+)\s*=", table)]
    for name in ([key.group(1)] if key else []) + inner:
        if name not in known:
            yield f"{page.path}:{number}: {name}: there is no such key"


def check_exit_codes(manual):
    existing = program.manual("streamctl.1", "EXIT STATUS")
    documented = {code for _, cells in manual.rows("docs/cli.md", "Exit codes") for code in re.findall(r"\d+", cells[0])}
    yield from differences("exit code", "docs/cli.md, Exit codes", documented, existing)
    for page in manual.present:
        for number, line in page.prose:
            for code in re.findall(r"exit codes? (\d+)", line):
                if code not in existing:
                    yield f"{page.path}:{number}: there is no exit code {code}"


def check_metrics(manual):
    """That docs/monitoring.md has those of the daemon, and no other, is proven by end_to_end.monitoring."""
    table = {name for _, cells in manual.rows("docs/monitoring.md", "Prometheus") for name in METRIC.findall(cells[0])}
    assert len(table) > 40, table
    for page in manual.present:
        for number, span in page.spans():
            for name in METRIC.findall(span):
                if name not in table and not any(each.startswith(name) for each in table):
                    yield f"{page.path}:{number}: there is no metric {name}"


def check_events(manual):
    source = dict(manual.code("engine/config"))["engine/config/reporting.h"]
    existing = set(re.findall(r'"([a-z-]+)"', source.split("{", 1)[1].split("}", 1)[0]))
    assert "failing" in existing, existing
    yield from differences("event", "docs/monitoring.md, Events", manual.first_cells("docs/monitoring.md", "Events"), existing)


def check_environment(manual):
    """Variables in string literals of what is built, against those in code spans and blocks of the pages."""
    existing = {name for _, text in manual.code("engine", "plugins", "sdk/extension")
                for name in re.findall(r'"((?:STREAMD|AWS|B2)_[A-Z0-9_]*[A-Z0-9])"', text)}
    for name in ("CONFIG", "CONTROL"):
        assert f"STREAMD_{name}" in existing, existing
    everywhere = {name for _, text in manual.code("engine", "plugins", "sdk", "packaging", "tests", "CMakeLists.txt")
                  for name in VARIABLE.findall(text)}
    documented = set()
    for page in manual.present:
        for number, span in page.spans():
            for name in VARIABLE.findall(span):
                documented.add(name)
                if name.startswith("STREAMD_") and name not in everywhere:
                    yield f"{page.path}:{number}: there is no variable {name}"
    for name in sorted(existing - documented):
        yield f"no page names the variable {name}"
    of_programs = manual.first_cells("docs/cli.md", "Environment")
    in_pages = program.manual("streamctl.1", "ENVIRONMENT") | program.manual("streamd.8", "ENVIRONMENT")
    of_programs.discard("STREAMD_WAIT_SOCKET")  # of the extension
    yield from differences("variable", "the table in docs/cli.md, beside the man pages,", of_programs, in_pages)


def check_states(manual):
    code = dict(manual.code("engine/replicate", "engine/apps"))
    for what, path, others in (("database", "pipeline", {"daemon not running"}), ("replica", "replica", set())):
        body = code[f"engine/replicate/{path}.cpp"].split("const char* state_name(", 1)[1].split("\n}", 1)[0]
        existing = set(re.findall(r'"([a-z ]+)"', body)) | others
        documented = {name for _, cells in manual.rows("docs/cli.md", "States", f"state of a {what}")
                      for name in re.findall(r"`([^`]+)`", cells[0])}
        yield from differences(f"state of a {what}", "docs/cli.md, States", documented, existing)


def check_driver_codes(manual):
    header = dict(manual.code("sdk/include"))["sdk/include/streamd/driver.h"]
    existing = {name.lower().replace("_", " ") for name in re.findall(r"^  STREAMD_([A-Z_]+) = \d+,? ", header, re.MULTILINE)}
    existing -= {"ok"}
    assert "throttled" in existing, existing
    documented = {name for _, cells in manual.rows("docs/drivers.md", "Errors") if cells[0] != "code"
                  for name in re.split(r",\s*", cells[0].replace(", any other", ""))}
    yield from differences("code", "docs/drivers.md, Errors", documented, existing)


CHECKS = (check_options, check_configuration, check_exit_codes, check_metrics, check_events, check_states, check_environment,
           check_driver_codes)


def main():
    manual = Manual(sys.argv[1])
    complaints = [complaint for check in CHECKS for complaint in check(manual)]
    print("\n".join(complaints) if complaints else f"{len(manual.present)} pages name what exists, and what exists is named")
    return 1 if complaints else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except case.Skipped as skipped:
        print(skipped)
        sys.exit(case.SKIP)
