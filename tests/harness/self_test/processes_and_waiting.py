"""Children end when told, and waiting gives up only when nothing moves."""
import os
import signal
import socket
import sys
import time

from harness import case, processes, waiting

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
IGNORE = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
SLEEPER = [sys.executable, "-c", SLEEP]
STUBBORN = [sys.executable, "-c", IGNORE + SLEEP]


def started(folder, command):
    child = processes.Child(command, os.path.join(folder, "child.log"))
    waiting.wait_until(lambda: "up" in child.output(), "the child")
    return child


def process_state(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0]


def test_terminate_and_kill_return_the_exit_code(folder):
    assert started(folder, SLEEPER).terminate() == -signal.SIGTERM
    assert started(folder, SLEEPER).kill() == -signal.SIGKILL


def test_a_frozen_child_stands_still_and_can_still_be_terminated(folder):
    child = started(folder, SLEEPER)
    child.freeze()
    waiting.wait_until(lambda: process_state(child.pid) == "T", "the child to stop")
    assert child.terminate() == -signal.SIGTERM


def test_a_child_that_ignores_the_request_is_killed_and_reported(folder):
    child = started(folder, STUBBORN)
    try:
        child.terminate(patience=0.2)
    except AssertionError as report:
        assert "did not end" in str(report)
    else:
        raise AssertionError("it was not reported")
    assert not child.running()


def test_stop_all_leaves_nobody(folder):
    children = [started(folder, SLEEPER) for _ in range(3)]
    processes.stop_all()
    assert not any(child.running() for child in children)


def test_free_ports_can_be_bound(_):
    with socket.socket() as server:
        server.bind(("127.0.0.1", processes.free_port()))


def test_measurements_of_a_process(_):
    before = processes.cpu_seconds(os.getpid())
    with open("/dev/null", "rb") as opened:
        assert opened.name in processes.open_files(os.getpid())
        waiting.wait_until(lambda: processes.cpu_seconds(os.getpid()) > before, "some processor time", pause=0)
    assert processes.peak_memory(os.getpid()) > 1 << 20


def test_waiting_goes_on_while_something_moves(_):
    begun = time.monotonic()
    moving = lambda: int((time.monotonic() - begun) * 20)
    waiting.wait_until(lambda: time.monotonic() - begun > 0.6, "the time", progress=moving, stall=0.3)
    try:
        waiting.wait_until(lambda: False, "nothing at all", progress=lambda: 1, stall=0.1)
    except waiting.NothingMoves as given_up:
        assert "nothing at all" in str(given_up)
    else:
        raise AssertionError("it waited for ever")


if __name__ == "__main__":
    case.run(globals())
