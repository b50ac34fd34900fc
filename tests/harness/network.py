"""A network of the test's own: a namespace in which loopback can be made bad, and nothing else is reachable.

    if __name__ == "__main__":
        network.enter()  # starts this program anew in a namespace, or skips
        case.run(globals())
"""
import os
import re
import shutil
import subprocess
import sys

from harness import case

MARK = "STREAMD_TEST_NAMESPACE"


def enter():
    if os.environ.get(MARK) == str(os.getpid()):
        run("ip", "link", "set", "lo", "up")
        return
    for program in ("unshare", "ip", "nft", "tc"):
        if shutil.which(program, path=search_path()) is None:
            leave(f"{program} is not installed (packaging/dependencies.sh install test)")
    new = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--user", "--map-root-user"]
    tried = subprocess.run([*new, "sh", "-c", "ip link set lo up && nft list ruleset"], capture_output=True, text=True,
                           check=False, env={**os.environ, "PATH": search_path()})
    if tried.returncode != 0:
        leave(f"no network namespace of its own is permitted here: {tried.stderr.strip()}")
    os.execvpe(new[0], [*new, sys.executable, "-B", *sys.argv],
               {**os.environ, "PATH": search_path(), MARK: str(os.getpid())})  # unshare keeps the process id


def leave(sentence):
    print(sentence, flush=True)
    sys.exit(case.SKIP)


def search_path():
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


class Rules:
    """Rules of nft for what arrives on loopback, while the block lasts.

        with Rules("tcp dport 8000 counter drop") as rules:
            wait_until(rules.packets, ...)
    """

    def __init__(self, *rules):
        self.rules = rules

    def __enter__(self):
        lines = "\n".join(self.rules)
        run("nft", "-f", "-", text=f"table inet bad {{\nchain arriving {{\ntype filter hook input priority 0;\n{lines}\n}}\n}}\n")
        return self

    def packets(self):
        """How many packets the rules with `counter` have met."""
        return sum(int(count) for count in re.findall(r"packets (\d+)", run("nft", "list", "table", "inet", "bad")))

    def __exit__(self, *_):
        run("nft", "delete", "table", "inet", "bad")


class Down:
    """The interface is down while the block lasts."""

    def __enter__(self):
        run("ip", "link", "set", "lo", "down")
        return self

    def __exit__(self, *_):
        run("ip", "link", "set", "lo", "up")


class Slow:
    """No more than `rate` ("8mbit") passes while the block lasts."""

    def __init__(self, rate):
        self.rate = rate

    def __enter__(self):
        run("tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", self.rate, "burst", "256k", "latency", "400ms")
        return self

    def __exit__(self, *_):
        run("tc", "qdisc", "del", "dev", "lo", "root")
