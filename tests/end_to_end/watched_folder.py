"""[[database]] directory: databases join when they appear, stay while they are replaced, leave when they are gone."""
import glob
import os
import shutil
import socket

from harness import case, compare, locks
from harness.daemon import Installation, toml_table
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


if __name__ == "__main__":
    case.run(globals())
