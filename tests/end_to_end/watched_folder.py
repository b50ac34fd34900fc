"""[[database]] directory: databases join when they appear, stay while they are replaced, leave when they are gone."""
import glob
import json
import os
import shutil
import socket
import subprocess
import urllib.request

from harness import case, compare, locks, processes, users, web
from harness.daemon import Installation, run, toml_table
from harness.waiting import never_during, wait_until
from harness.workload import Writer
from end_to_end.installed import replicated


class Tenants(Installation):
    """Every database below folder/tenants, each with a replica of its own below folder/replicas."""

    def __init__(self, folder):
        self.tenants = os.path.join(folder, "tenants")
        self.replicas = os.path.join(folder, "replicas")
        os.makedirs(os.path.join(self.tenants, "deep"))
        super().__init__(folder, [])

    def write_config(self, streamd, defaults, log_level="debug"):
        super().write_config(streamd, defaults, log_level)
        with open(self.config, "a", encoding="utf-8") as config:
            config.write(toml_table("[[database]]", {"directory": self.tenants, "recursive": True}) + "\n")
            config.write(toml_table("[[database.replica]]", {"driver": "file", "path": self.replicas}) + "\n")

    def path(self, name):
        return os.path.join(self.tenants, name)

    def replica(self, name):
        return f"{self.replicas}/{socket.gethostname()}{self.path(name)}%"  # as the file driver spells a folder of objects

    def states(self):
        status = self.streamctl("status", "--json").expect(0).json
        return {each["name"]: each["state"] for each in status["databases"]}

    def wait_for(self, states):
        wait_until(lambda: self.states() == states, f"{states}", progress=self.states)


def test_databases_come_and_go(folder):
    installation = Tenants(folder)
    first = Writer(installation.path("a.db"))
    first.transactions(3)
    installation.start()
    installation.wait_for({"a.db": "live"})
    for name, content in (("notes.txt", b"no database"), ("not.db", b"no database, either"), (".hidden.db", b"")):
        with open(installation.path(name), "wb") as out:
            out.write(content)
    os.symlink(installation.path("a.db"), installation.path("link.db"))
    second = Writer(installation.path("deep/b.db"))
    second.transactions(3)
    installation.wait_for({"a.db": "live", "deep/b.db": "live"})
    for name in ("a.db", "deep/b.db"):
        installation.streamctl("sync", name, "--wait").expect(0)
        assert os.listdir(installation.replica(name)), name
    second.transactions(1)  # the first object after the snapshot is kept to be merged
    installation.streamctl("sync", "deep/b.db", "--wait").expect(0)
    caches = os.path.join(installation.path("deep"), ".b.db-streamd", "replicas", "*", "cache")
    assert glob.glob(caches)
    os.mkdir(installation.path("deeper"))
    third = Writer(installation.path("deeper/c.db"))
    third.transactions(1)
    installation.wait_for({"a.db": "live", "deep/b.db": "live", "deeper/c.db": "live"})
    third.close()
    second.close()
    os.rename(installation.path("deep/b.db"), installation.path("renamed.db"))
    os.remove(installation.path("deeper/c.db"))
    installation.wait_for({"a.db": "live", "renamed.db": "live"})
    assert os.listdir(installation.replica("deeper/c.db"))
    assert not glob.glob(caches), "what could be read from the replica again stays where nobody needs it"
    assert sum("database attached database=" + installation.path("a.db") in line
               for line in installation.daemon.output().splitlines()) == 1
    out = os.path.join(folder, "out.db")
    installation.streamctl("restore", installation.path("deeper/c.db"), "-o", out).expect(0)  # gone, and known
    installation.streamctl("sync", "a.db", "--wait").expect(0)
    installation.streamctl("restore", "a.db", "-o", out, "--force").expect(0)
    compare.assert_same_pages(installation.path("a.db"), out)
    first.close()
    installation.stop()
    installation.run_once("--check").expect(0)


def test_a_replaced_database_does_not_leave(folder):
    installation = Tenants(folder)
    writer = Writer(installation.path("a.db"))
    writer.transactions(3)
    writer.close()
    installation.start()
    installation.wait_for({"a.db": "live"})
    copy = os.path.join(folder, "copy")
    other = Writer(copy, seed=3)
    other.transactions(5)
    other.close()
    os.remove(installation.path("a.db"))
    for ending in ("-wal", "-shm"):
        if os.path.exists(installation.path("a.db" + ending)):
            os.remove(installation.path("a.db" + ending))
    never_during(lambda: "a.db" not in installation.states(), "leaving within its grace", 2)
    shutil.move(copy, installation.path("a.db"))
    again = Writer(installation.path("a.db"), seed=4)
    again.transactions(2)
    installation.wait_for({"a.db": "live"})
    installation.streamctl("sync", "a.db", "--wait").expect(0)
    out = os.path.join(folder, "out.db")
    installation.streamctl("restore", "a.db", "-o", out).expect(0)
    compare.assert_same_pages(installation.path("a.db"), out)
    again.close()
    assert "database removed" not in installation.daemon.output()
    installation.stop()


def test_a_folder_around_a_database_that_is_followed_already(folder):
    """Looking what the files are must not drop the locks of the one that is followed: closing any descriptor of it would."""
    installation, writer = replicated(folder)
    installation.start()
    writer.transactions(2)
    installation.sync(installation.databases[0])
    pid, path = installation.daemon.pid, installation.databases[0].path
    held = locks.held(pid, path)
    assert locks.SHARED in held, held
    with open(installation.config, "a", encoding="utf-8") as config:
        config.write(toml_table("[[database]]", {"directory": os.path.dirname(path)}) + "\n")
        config.write(toml_table("[[database.replica]]", {"driver": "file", "path": os.path.join(folder, "others")}) + "\n")
    installation.streamctl("reload").expect(0)
    never_during(lambda: locks.SHARED not in locks.held(pid, path), "locks that are gone", 1)
    writer.transactions(1)
    installation.stop()


def test_a_folder_that_cannot_be_read_is_no_success(folder):
    users.need_root()
    daemon = users.User(4711, 4711)
    os.chmod(folder, 0o755)
    installation = Tenants(folder)
    writer = Writer(installation.path("a.db"))
    writer.transactions(2)
    writer.close()
    for at, folders, files in os.walk(folder):
        for name in ["."] + folders + files:
            os.chown(os.path.join(at, name), daemon.uid, daemon.gid)
    os.makedirs(installation.path("lost"), 0o700)
    with users.reachable_programs(folder, daemon):
        installation.user = daemon
        port = processes.free_port()
        installation.write_config({"http": f"127.0.0.1:{port}"}, {})
        os.chmod(installation.config, 0o644)
        once = installation.run_once("--once").expect(0)
        assert "lost" in once.stderr and "everything was sent" in once.stderr, once.stderr
        installation.start()
        installation.wait_for({"a.db": "live"})
        status = installation.streamctl("status", "--json").expect(0).json
        assert status["folders"] == [{"directory": installation.tenants, "error": None}], status
        os.chmod(installation.tenants, 0o311)
        installation.streamctl("reload")
        wait_until(lambda: installation.streamctl("status", "--json").json["folders"][0]["error"], "its error")
        assert "cannot be read" in installation.streamctl("status").expect(0).stdout
        gauge = ("streamd_folder_readable", (("directory", installation.tenants),))
        assert web.samples(web.get(f"http://127.0.0.1:{port}/metrics")[2])[gauge] == 0
        code, ready = web.get_json(f"http://127.0.0.1:{port}/readyz")
        assert code == 503 and ready["reasons"][0]["directory"] == installation.tenants, ready
        installation.stop()
        assert "everything was sent" not in installation.daemon.output()
        check = installation.run_once("--check").expect(1)
        assert "not protected: " in check.stdout and installation.tenants in check.stdout, check.stdout
        once = installation.run_once("--once").expect(1)
        assert "everything was sent" not in once.stderr, once.stderr
        os.chmod(installation.tenants, 0o644)  # its names can be read, and nothing that is behind them
        once = installation.run_once("--once").expect(1)
        assert "everything was sent" not in once.stderr, once.stderr
        os.chmod(installation.tenants, 0o755)


def test_once_and_what_is_not_sent(folder):
    installation = Tenants(folder)
    writer = Writer(installation.path("a.db"))
    writer.transactions(2)
    installation.start()
    installation.wait_for({"a.db": "live"})
    with open(installation.config, encoding="utf-8") as config:
        other = config.read().replace(installation.control, os.path.join(folder, "other.sock"))
    with open(os.path.join(folder, "other.toml"), "w", encoding="utf-8") as config:
        config.write(other)
    os.chmod(os.path.join(folder, "other.toml"), 0o600)
    once = run([case.program("streamd"), "--config", os.path.join(folder, "other.toml"), "--once"]).expect(1)
    assert installation.path("a.db") in once.stderr and "everything was sent" not in once.stderr, once.stderr
    installation.streamctl("pause", "a.db").expect(0)
    installation.stop()
    assert "everything was sent" not in installation.daemon.output()
    assert "everything was sent" not in installation.run_once("--once").expect(0).stderr
    writer.close()
    shutil.rmtree(installation.tenants)
    installation.run_once("--check").expect(0)
    status = installation.streamctl("status", "--json").expect(0).json
    assert status["folders"][0]["error"]["message"], status
    once = installation.run_once("--once").expect(1)
    assert installation.tenants in once.stderr and "everything was sent" not in once.stderr, once.stderr


def test_a_name_that_is_no_utf8(folder):
    """It must not make what is told of all the others unreadable."""
    installation = Tenants(folder)
    for name in ("fine.db", "other.db"):
        writer = Writer(installation.path(name))
        writer.transactions(1)
        writer.close()
    os.rename(os.fsencode(installation.path("other.db")), os.fsencode(installation.tenants) + b"/caf\xe9.db")
    port = processes.free_port()
    installation.write_config({"http": f"127.0.0.1:{port}"}, {})
    installation.start("--log-format", "json")
    installation.wait_for({"fine.db": "live", "caf\ufffd.db": "live"})
    status = subprocess.run([case.program("streamctl"), "--config", installation.config, "status", "--json"],
                            capture_output=True, check=True)
    assert len(json.loads(status.stdout.decode("utf-8"))["databases"]) == 2
    for path in ("/metrics", "/api/status"):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            assert "caf\ufffd.db" in answer.read().decode("utf-8"), path
    odd = os.fsencode(installation.tenants) + b"/caf\xe9.db"
    for command in ("sync", "snapshot", "compact", "pause", "resume"):
        subprocess.run([case.program("streamctl"), "--config", installation.config, command, odd], capture_output=True, check=True)
    installation.stop()
    with open(os.path.join(folder, "streamd-1.log"), "rb") as log:
        for line in log.read().decode("utf-8").splitlines():
            json.loads(line)


if __name__ == "__main__":
    case.run(globals())
