"""The image and the compose files: an unprivileged daemon on a read-only root, and a database that comes back to an empty volume."""
import os
import re

from containers import Engine, Project
from harness import case, processes
from harness.waiting import wait_until

INSERTS = "PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS t(x);" + "INSERT INTO t VALUES(randomblob(3000));" * 20
CONTENT = "PRAGMA integrity_check; SELECT count(*), sum(length(x)) FROM t; SELECT hex(x) FROM t"


def replicate(project):
    """Begins with nothing, writes, syncs; returns the database's content."""
    project.compose("up", "-d")
    project.sqlite(INSERTS)
    wait_until(project.healthy, "a healthy container", progress=lambda: project.inside("streamctl", "status"), pause=1)
    project.sqlite(INSERTS)
    project.inside("streamctl", "sync", "/data/app.db", "--wait")
    content = project.sqlite(CONTENT)
    assert content.startswith("ok\n40|120000\n"), content[:200]
    return content


def lose_and_restore(project):
    """The database's volume goes; what the next start brings back is returned."""
    project.compose("down")
    project.engine.run("podman", "volume", "rm", f"{project.name}_data")
    project.compose("up", "-d")
    wait_until(project.healthy, "a healthy container", progress=lambda: project.inside("streamctl", "status"), pause=1)
    return project.sqlite(CONTENT)


def confined(project):
    assert project.inside("id", "-u").strip() == "10001"
    assert "Read-only file system" in project.inside("touch", "/etc/streamd/x", ok=(1,))
    status = project.inside("cat", "/proc/1/status")
    assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE) and re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE), status


def test_a_volume(folder):
    engine = Engine(folder)
    engine.images()
    project = Project(engine, "volume", "compose.yaml")
    content = replicate(project)
    confined(project)
    listed = project.inside("streamctl", "drivers", "list")
    for name in ("file", "s3", "spaces", "r2", "b2"):
        assert f"\n{name} " in listed and "refused" not in listed, listed
    assert lose_and_restore(project) == content
    engine.run("podman", "stop", "-t", "45", project.container("streamd"))
    assert engine.inspect(project.container("streamd"), ".State.ExitCode") == 0
    project.compose("down")


def test_an_object_store(folder):
    engine = Engine(folder)
    engine.images()
    engine.run("podman", "network", "create", "store_default")
    gateway = re.search(r'"gateway": "([^"]+)"', engine.run("podman", "network", "inspect", "store_default")).group(1)
    log = os.path.join(folder, "s3.log")
    server = processes.Child(["nsenter", "-t", engine.inner, "-n", "/usr/bin/python3", "-B", "-m", "support.fake_s3", "aws", "9000", "0.0.0.0"], log)
    started = wait_until(lambda: re.search(r"key (\S+) secret (\S+) region (\S+)", server.output()), "the object store", progress=server.running)
    project = Project(engine, "store", "compose.yaml", "compose.s3.yaml")
    with open(os.path.join(project.folder, "s3.env"), "w", encoding="utf-8") as settings:
        settings.write(f"STREAMD_BUCKET=backups\nLITESTREAM_S3_REGION={started.group(3)}\nLITESTREAM_S3_ENDPOINT=http://{gateway}:9000\n"
                       f"LITESTREAM_ACCESS_KEY_ID={started.group(1)}\nLITESTREAM_SECRET_ACCESS_KEY={started.group(2)}\n")
    content = replicate(project)
    assert lose_and_restore(project) == content
    project.compose("down")


if __name__ == "__main__":
    case.run(globals())
