"""A daemon that stands still is noticed, and killed from outside: with it go the locks that kept the log."""
import contextlib
import os
import socket

from harness import case, workload
from harness.waiting import never_during, wait_until
from end_to_end.frozen_daemon import impatient_checkpoint
from end_to_end.installed import replicated, restored


def pinned(folder, environment=None, **settings):
    """A daemon that holds the log of a database which is written to."""
    installation, writer = replicated(folder, **settings)
    installation.start(environment=environment)
    writer.transactions(5)
    installation.sync(installation.databases[0])
    return installation, writer


def check_next_life(installation, writer):
    writer.transaction()
    installation.start()
    installation.sync(installation.databases[0])
    installation.stop()
    assert workload.check(restored(installation, "out.db")).digest == writer.points[-1].digest


def test_a_frozen_daemon_is_killed_and_the_log_is_free(folder):
    installation, writer = pinned(folder, streamd={"watchdog": "2s"})
    daemon, path = installation.daemon, installation.databases[0].path
    daemon.freeze()
    writer.transactions(20)
    assert daemon.wait() == -9, daemon.output()
    assert "it is killed" in daemon.output() and "hint: " in daemon.output(), daemon.output()
    assert impatient_checkpoint(path, "TRUNCATE") == (0, 0, 0)
    check_next_life(installation, writer)


def test_without_a_watchdog_a_frozen_daemon_goes_on_when_it_is_thawed(folder):
    installation, writer = pinned(folder, streamd={"watchdog": "0s"})
    daemon = installation.daemon
    daemon.freeze()
    writer.transactions(20)
    never_during(lambda: not daemon.running(), "the daemon ended", 3)
    daemon.thaw()
    installation.sync(installation.databases[0])
    installation.stop()


def test_a_daemon_that_lives_is_left_alone_and_its_watchdog_ends_with_it(folder):
    installation, writer = pinned(folder, streamd={"watchdog": "4s"})
    daemon = installation.daemon
    with open(f"/proc/{daemon.pid}/task/{daemon.pid}/children", encoding="ascii") as children:
        watchdog = int(children.read().split()[0])
    with open(f"/proc/{watchdog}/comm", encoding="ascii") as name:
        assert name.read().strip() == "streamd-watchdo"
    never_during(lambda: not daemon.running() or not writer.transaction(), "the daemon ended", 6)
    installation.stop()
    wait_until(lambda: not os.path.exists(f"/proc/{watchdog}"), "the watchdog to end")


@contextlib.contextmanager
def service_manager(folder):
    path = os.path.join(folder, "notify.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(60)
        yield manager, {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1500000"}


def drain(manager):
    manager.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            manager.recv(4096)
    manager.settimeout(60)


def is_stopped(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "T"


def wait_for_sign(manager):
    while manager.recv(4096) != b"WATCHDOG=1":
        continue


def test_systemd_hears_that_it_lives_for_as_long_as_it_does(folder):
    with service_manager(folder) as (manager, environment):
        installation, _ = pinned(folder, environment)
        for _ in range(3):
            wait_for_sign(manager)
        with open(f"/proc/{installation.daemon.pid}/task/{installation.daemon.pid}/children", encoding="ascii") as children:
            assert not children.read().split(), "systemd watches: no process of our own is needed"
        installation.daemon.freeze()
        wait_until(lambda: is_stopped(installation.daemon.pid), "the daemon to be frozen")
        drain(manager)
        manager.settimeout(3)
        try:
            heard = manager.recv(4096)
        except TimeoutError:
            heard = None
        assert heard is None, heard
        installation.daemon.thaw()
        manager.settimeout(60)
        wait_for_sign(manager)
        installation.stop()


if __name__ == "__main__":
    case.run(globals())
