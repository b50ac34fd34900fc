"""Runs the tests of one file.

    from harness import case

    def test_something(folder): ...

    if __name__ == "__main__":
        case.run(globals())
"""
import contextlib
import os
import shutil
import sys
import tempfile
import time
import traceback

from harness import processes, secrets

SKIP = 77


class Skipped(Exception):
    """The test cannot run here; the message is the sentence that says why."""


def skip(sentence):
    raise Skipped(sentence)


def program(name):
    """The built program `name` ("streamd"), from the environment variable STREAMD."""
    path = os.environ.get(name.upper())
    if not path or not os.access(path, os.X_OK):
        skip(f"{name} is not built here ({name.upper()} names no program)")
    return path


@contextlib.contextmanager
def temporary_folder():
    """A folder that goes away with everything in it; KEEP_TEST_FOLDERS=1 keeps it for a look."""
    path = tempfile.mkdtemp(prefix="streamd-test-")
    try:
        yield path
    finally:
        if os.environ.get("KEEP_TEST_FOLDERS"):
            print(f"kept: {path}", flush=True)
        else:
            shutil.rmtree(path, ignore_errors=True)


def run_one(name, test):
    """Runs one test; returns "passed", "failed" or the Skipped exception."""
    started = time.monotonic()
    outcome = "passed"
    try:
        with temporary_folder() as folder:
            try:
                test(folder)
            finally:
                processes.stop_all()
            leaks = secrets.leaks(folder)
            assert not leaks, "; ".join(leaks)
    except Skipped as skipped:
        return skipped
    except Exception:  # whatever a test raises is its failure; the next one still runs
        traceback.print_exc()
        outcome = "failed"
    finally:
        secrets.forget()
    print(f"{outcome}: {name} ({time.monotonic() - started:.1f} s)", flush=True)
    return outcome


def run(namespace):
    """Runs every test_ function and exits: 0, 1, or 77 when all of them skipped."""
    wanted = sys.argv[1:]
    tests = {name: thing for name, thing in namespace.items() if name.startswith("test_") and callable(thing)}
    outcomes = [run_one(name, test) for name, test in tests.items() if not wanted or name in wanted]
    if not outcomes:
        sys.exit("no test of that name here")
    for outcome in outcomes:
        if isinstance(outcome, Skipped):
            print(outcome, flush=True)
    if "failed" in outcomes:
        sys.exit(1)
    sys.exit(0 if "passed" in outcomes else SKIP)


def exit_with(check):
    """For a test that is no set of test_ functions: exits with the code it returns, or 77 when it skips."""
    try:
        sys.exit(check())
    except Skipped as skipped:
        print(skipped, flush=True)
        sys.exit(SKIP)
