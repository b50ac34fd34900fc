"""No descriptor of a database or its -shm is closed behind SQLite's back, whatever streamd and streamctl are asked to do.

The interposer (interposer/lock_rule.h) knows which locks a process holds when it closes something. lock_audit.py of the
end-to-end tests asks the kernel from outside; this sees each close, also one whose locks somebody takes again at once.
"""
import os
import subprocess
import sys
import time

from harness import case, processes
from harness.waiting import wait_until
from scene import Scene

BEHIND = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN")
connection.execute("SELECT count(*) FROM items").fetchall()
open(sys.argv[1] + sys.argv[2], "rb").close()
"""


def lines(log):
    with open(log, encoding="utf-8", errors="replace") as content:
        return content.read().splitlines()


def judge(log, database):
    """Locks were seen, on both files, and none was dropped."""
    said = lines(log)
    behind = [number for number, line in enumerate(said) if line.startswith("behind ")]
    assert not behind, "closed behind SQLite's back:\n" + "\n".join(said[behind[0]:behind[0] + 30])
    assert {f"held {database}", f"held {database}-shm"} <= set(said), said


def watched(folder, **settings):
    scene = Scene(folder, {"verify-interval": "1s", **settings})
    scene.open()
    scene.commit(3)
    log = os.path.join(folder, "locks")
    return scene, log, scene.interposed({"FAULTS_LOCKS": log})


def test_the_check_sees_a_close_behind_sqlites_back(folder):
    scene, log, environment = watched(folder)
    for end in ("", "-shm"):
        subprocess.run([sys.executable, "-c", BEHIND, scene.database, end], env={**os.environ, **environment}, check=True)
        said = [line for line in lines(log) if line.startswith("behind ")]
        assert said and said[-1].split()[1] == scene.database + end, lines(log)


def test_a_tame_application_is_not_accused(folder):
    scene, log, environment = watched(folder)
    scene.close()
    script = "import sys; from harness import workload; w = workload.Writer(sys.argv[1]); w.transactions(5); w.vacuum(); w.close()"
    subprocess.run([sys.executable, "-c", script, scene.database], env={**os.environ, **environment}, check=True)
    judge(log, scene.database)


def test_whatever_the_daemon_is_asked_for(folder):
    scene, log, environment = watched(folder)
    installation, database = scene.installation, scene.database
    daemon = installation.start(environment=environment)

    def ask(*words, code=0):
        outcome = scene.streamctl(*words, environment=environment)
        assert code is None or outcome.code == code, f"{words}: {outcome}"
    scene.commit(5)
    for words in (("sync", database, "--wait"), ("status",), ("databases",), ("snapshot", database), ("compact", database),
                  ("verify", database), ("prune", database), ("generations", database), ("segments", database)):
        ask(*words)
    ask("doctor", code=None)
    ask("restore", database, "-o", database, "--force", code=1)  # the daemon has it
    scene.writer.checkpoint("TRUNCATE")
    scene.commit(2)
    scene.writer.checkpoint("RESTART")
    wait_until(lambda: replica_status(scene)["proven_at"], "a drill")
    rests(daemon, database)
    scene.commit(1)  # wakes it
    ask("sync", database, "--wait")
    ask("pause", database)
    ask("resume", database)
    scene.commit(2)
    installation.write_config({"state-dir": os.path.join(scene.disk, "state")}, {"sync-interval": "20ms"})
    ask("reload")
    ask("sync", database, "--wait")
    scene.commit(1)
    scene.close()
    installation.stop()
    judge(log, database)


def replica_status(scene):
    return scene.streamctl("status", "--json").json["databases"][0]["replicas"][0]


def rests(daemon, database):
    """After some quiet seconds most descriptors are closed, while slot 0 stays locked."""
    wait_until(lambda: sum(path.startswith(database) for path in processes.open_files(daemon.pid)) <= 3, "the daemon to rest")


def test_a_copy_that_is_followed(folder):
    scene, log, environment = watched(folder)
    installation = scene.installation
    installation.start(environment=environment)
    scene.commit(3)
    installation.sync(installation.databases[0])
    copy = os.path.join(folder, "copy.db")
    follower = processes.Child([case.program("streamctl"), "restore", scene.database, "-o", copy, "--follow",
                                "--follow-interval", "100ms"], os.path.join(folder, "follow.log"),
                               {**environment, "STREAMD_CONFIG": installation.config})
    wait_until(lambda: os.path.exists(copy), "the copy", progress=follower.output)
    for _ in range(5):
        scene.commit(1)
        installation.sync(installation.databases[0])
        time.sleep(0.1)
    follower.terminate()
    assert f"held {copy}" in lines(log), lines(log)
    scene.close()
    installation.stop()
    judge(log, scene.database)


if __name__ == "__main__":
    case.run(globals())
