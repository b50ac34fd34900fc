#!/usr/bin/env python3
"""Runs every block of the manual that is marked as runnable (see page.py) and compares what it prints.

usage: commands.py REPOSITORY [PAGE...]

Each page runs from its beginning in one shell and in a fresh folder, its home. The folders that pages speak of (/data,
/backups, ...) are folders in there. Compared is text with times, identifiers, sizes and widths of columns left out; `...`
stands for anything, as a line of its own for any lines.
"""
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import time

from docs.page import pages
from harness import case

FOLDERS = ("data", "backups", "mnt", "etc", "run", "tmp")
NAMED = re.compile(r"(?<![\w.~$}-])(?<!\w/)/(" + "|".join(FOLDERS) + r")(?![\w-])")
LEFT_OUT = ((r"\d{4}-\d\d-\d\dT\d\d[:.]?\d\d[:.]?\d\d(\.\d+)?Z?", "TIME"), (r"\b[0-9a-f]{16}\b", "ID"),
            (r"\d+(\.\d+)? ([KMG]i)?B\b", "SIZE"), (r"\d+(\.\d+)? m?s\b", "DURATION"), (r"[ \t]+", " "))
ANY_LINES = r"(?:.*\n)*?"
LIMIT_SECONDS = 240

# What a reader's machine has and the test has not: systemd.
PRELUDE = """
set -u
systemctl() {
  case "$1 ${*: -1}" in
    "start streamd") start_streamd ;;
    "stop streamd") streamctl stop > /dev/null 2>&1 || true ;;
    "restart streamd") systemctl stop streamd; start_streamd ;;
    *" app") ;;
    *) echo "systemctl $*: not known here"; return 1 ;;
  esac
}
start_streamd() {
  streamd 2>> ~/streamd.log &
  for _ in $(seq 100); do
    ! streamctl status --json 2> /dev/null | grep -q '"pid"' || return 0
    sleep 0.05
  done
  cat ~/streamd.log
  return 1
}
"""


class Run:
    """One page in its folder."""

    def __init__(self, page, folder):
        self.page, self.folder = page, folder
        for name in (*FOLDERS, "etc/streamd", "run/streamd"):
            os.makedirs(os.path.join(folder, name))
        self.script, self.expected = [PRELUDE], []  # expected: (line number, command, lines)

    def here(self, text):
        return NAMED.sub(lambda found: os.path.join(self.folder, found.group(1)), text)

    def plain(self, text):
        """As it is compared."""
        for pattern, name in LEFT_OUT:
            text = re.sub(pattern, name, text)
        return text.strip()

    def prepare(self):
        for block in self.page.blocks:
            text = "\n".join(block.lines)
            if block.mark == "file":
                self.script.append(f"cat > {self.here(block.target)} <<'END OF FILE'\n{self.here(text)}\nEND OF FILE")
            elif block.mark == "run" and block.language == "sh":
                self.script.append(f"echo 'line {block.line}' > ~/.at; set -e\n{self.here(text)}\nset +e")
            elif block.mark == "run" and block.language == "console":
                self.add_session(block)
            elif block.mark:
                raise AssertionError(f"{self.page.path}:{block.line}: only sh and console can be run")

    def add_session(self, block):
        for number, line in enumerate(block.lines, block.line + 1):
            if line.startswith("$ "):
                command = re.sub(r"\s{2,}#.*", "", line[2:])
                self.expected.append((number, command, []))
                index = len(self.expected)
                self.script.append(f"echo 'line {number}' > ~/.at; (exit ${{__status:-0}})\n"
                                   f"{{ {self.here(command)}\n}} > ~/.out.{index} 2>&1; __status=$?")
            elif self.expected:
                self.expected[-1][2].append(line)

    def environment(self):
        config = os.path.join(self.folder, "etc/streamd/streamd.toml")
        programs = {os.path.dirname(case.program(name)) for name in ("streamd", "streamctl")}
        environment = {**os.environ, "PATH": ":".join([*programs, os.environ["PATH"]]), "HOME": self.folder, "LC_ALL": "C.UTF-8",
                       "TMPDIR": os.path.join(self.folder, "tmp"), "STREAMD_HTTP": "127.0.0.1:0",
                       "STREAMD_CONTROL": os.path.join(self.folder, "run/streamd/control.sock")}
        environment.pop("STREAMD_CONFIG", None)
        if any(block.mark == "file" and self.here(block.target) == config for block in self.page.blocks):
            environment["STREAMD_CONFIG"] = config
        return environment

    def run(self):
        """The complaints."""
        self.prepare()
        script = os.path.join(self.folder, ".script")
        with open(script, "w", encoding="utf-8") as output:
            output.write("\n".join(self.script) + "\n")
        with open(os.path.join(self.folder, ".printed"), "w+", encoding="utf-8", errors="replace") as printed:
            shell = subprocess.Popen(["bash", script], cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                                     stdout=printed, stderr=subprocess.STDOUT, start_new_session=True)
            try:
                code = shell.wait(LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                code = "none in time"
            finally:
                end_session(shell.pid)
                shell.wait()
        if code != 0:
            return [f"{self.page.path}, {self.read('.at').strip()}: exit code {code}\n{self.read('.printed')}"
                    f"{self.read('.out.' + str(len(self.expected)))}{self.read('streamd.log')}"]
        return [complaint for index, each in enumerate(self.expected, 1) for complaint in self.compare(index, *each)]

    def read(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as content:
            return content.read()

    def compare(self, index, number, command, lines):
        printed = self.read(f".out.{index}").replace(self.folder, "")
        pattern = "".join(ANY_LINES if line.strip() == "..." else
                          re.escape(self.plain(line)).replace(r"\.\.\.", ".*") + "\n" for line in lines)
        if not re.fullmatch(pattern, "".join(self.plain(line) + "\n" for line in printed.rstrip().splitlines())):
            yield f"{self.page.path}:{number}: $ {command}\nprints\n{printed}\nand not\n" + "\n".join(lines) + "\n"


def end_session(leader):
    """Ends what a page has left running, its daemon above all, and waits for that."""
    try:
        for sent, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            os.killpg(leader, sent)
            end = time.monotonic() + patience
            while time.monotonic() < end:
                time.sleep(0.02)
                os.killpg(leader, 0)
    except ProcessLookupError:
        return


def run_page(page):
    with case.temporary_folder() as folder:
        run = Run(page, folder)
        complaints = run.run()
        print(f"{page.path}: {len(run.expected)} commands with their output, {len(complaints)} complaints", flush=True)
        return complaints


def main():
    root, *wanted = sys.argv[1:]
    case.program("streamd"), case.program("streamctl")  # skips where they are not built
    runnable = [page for page in pages(root) if any(block.mark for block in page.blocks)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:  # pages mostly wait
        complaints = sum(pool.map(run_page, [page for page in runnable if not wanted or page.path in wanted]), [])
    print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except case.Skipped as skipped:
        print(skipped)
        sys.exit(case.SKIP)
