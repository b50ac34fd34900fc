"""How streamd starts, refuses to start, and ends."""
import os
import random
import signal
import sys
import time

from harness import case, processes, workload
from harness.daemon import run
from harness.waiting import wait_until
from end_to_end.installed import replicated, restored


def test_a_second_daemon_on_the_same_database_is_refused(folder):
    installation, _ = replicated(folder)
    installation.start()
    second = installation.run_once("--control", os.path.join(folder, "other.sock"))
    second.expect(1)
    assert "is replicating this database" in second.stderr, second.stderr
    assert installation.streamctl("status").expect().stdout.count("live") == 1
    installation.stop()


def test_a_followed_database_is_not_replaced_under_the_daemon(folder):
    installation, writer = replicated(folder)
    path, url = installation.databases[0].path, "file://" + os.path.join(folder, "replica")
    writer.transactions(3)
    daemon = processes.Child([case.program("streamd"), "--control", "", path, url], os.path.join(folder, "url.log"))
    wait_until(lambda: "snapshot taken" in daemon.output(), "the first snapshot", progress=lambda: len(daemon.output()))
    link = os.path.join(folder, "link.db")
    os.symlink(path, link)
    inode = os.stat(path).st_ino
    for words in ([url, "-o", path], [url, "-o", link], ["app.db"], ["app.db", "-o", path]):
        refused = installation.streamctl("restore", *words, "--force").expect(1)
        assert f"(pid {daemon.pid})" in refused.stderr and "hint: stop that streamd first" in refused.stderr, refused.stderr
    assert os.stat(path).st_ino == inode, "it was replaced"
    installation.streamctl("restore", url, "-o", path, "--if-missing").expect(0)
    assert daemon.terminate() == 0, daemon.output()
    writer.close()
    installation.streamctl("restore", url, "-o", path, "--force").expect(0)
    assert os.stat(path).st_ino != inode


def test_once_sends_everything_and_ends(folder):
    installation, writer = replicated(folder)
    point = writer.transactions(10)
    installation.run_once("--once").expect(0)
    assert workload.check(restored(installation, "out.db")).digest == point.digest
    point = writer.transactions(10)
    installation.run_once("--once").expect(0)
    assert workload.check(restored(installation, "out2.db")).digest == point.digest


def test_a_database_without_a_configuration_file(folder):
    _, writer = replicated(folder)
    point = writer.transactions(5)
    url = "file://" + os.path.join(folder, "elsewhere")
    run([case.program("streamd"), "--once", os.path.join(folder, "app.db"), url]).expect(0)
    out = os.path.join(folder, "out.db")
    run([case.program("streamctl"), "restore", url, "-o", out]).expect(0)
    assert workload.check(out).digest == point.digest


def test_terminated_under_load_it_has_sent_what_was_committed_before(folder):
    installation, writer = replicated(folder)
    writer.close()
    installation.start()
    log = os.path.join(folder, "points")
    load = processes.Child([sys.executable, "-B", "-m", "harness.workload", installation.databases[0].path, log],
                           os.path.join(folder, "load.log"))
    wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > 2000, "the writer",
               progress=lambda: os.path.exists(log) and os.path.getsize(log))
    before = workload.read_points(log)[-1]
    installation.stop(0)
    load.terminate()
    found = workload.check(restored(installation, "out.db"))
    points = {point.number: point.digest for point in workload.read_points(log)}
    assert found.number >= before.number, f"commit {before.number} was acknowledged, restored is {found.number}"
    assert points[found.number] == found.digest


def test_told_to_end_while_it_starts(folder):
    installation, writer = replicated(folder, log_level="info")
    point = writer.transactions(5)
    delays = random.Random(12)
    for _ in range(40):
        daemon = installation.start(ready=False)
        time.sleep(delays.uniform(0, 0.12))
        code, said = daemon.terminate(60), daemon.output()
        if code == 0:
            assert "stopped: everything was sent" in said, said
        elif code != -signal.SIGTERM:  # else it came before streamd could look at signals
            assert "streamd: " in said or "not everything was sent" in said, f"exit code {code}\n{said}"
        else:
            assert "replicating" not in said, said
    installation.run_once("--once").expect(0)
    assert workload.check(restored(installation, "out.db")).digest == point.digest


def test_check_reports_all_problems_at_once(folder):
    installation, _ = replicated(folder)
    installation.run_once("--check").expect(0)
    with open(installation.config, "a", encoding="utf-8") as config:
        config.write("[[database]]\npath = \"relative.db\"\nsnapshot-intervall = \"1h\"\n[nonsense]\n")
    outcome = installation.run_once("--check").expect(40)
    for words in ("relative.db", "snapshot-intervall", "did you mean 'snapshot-interval'?", "nonsense"):
        assert words in outcome.stdout, outcome.stdout
    assert installation.config + ":" in outcome.stdout
    installation.run_once().expect(40)


def test_check_names_a_database_that_is_not_in_wal_mode(folder):
    installation, writer = replicated(folder)
    assert writer.connection.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
    outcome = installation.run_once("--check").expect(1)
    assert "not protected" in outcome.stdout and "not in WAL mode" in outcome.stdout, outcome.stdout


if __name__ == "__main__":
    case.run(globals())
