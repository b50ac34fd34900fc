"""What is measured: streamd and Litestream behind one face, each with its defaults and a folder as replica."""
import dataclasses
import datetime
import os
import resource
import subprocess
import time

import application
from harness import processes
from harness.daemon import Database, Installation, file_replica
from watcher import Watcher


MOST_LOOKS = 20  # at a replica that still lacks something
BUSY_CPU_SECONDS = 0.2               # in the quiet time: a daemon that uses less prepares nothing
BUSY_CPU_SECONDS_EACH_DATABASE = 0.005  # ... and so much more for each database it looks after


@dataclasses.dataclass
class Usage:
    """What a process has used so far."""
    cpu_seconds: float
    peak_memory: int  # VmHWM, bytes: every page of the process that was ever in memory at once, mappings too


def usage(pid):
    return Usage(processes.cpu_seconds(pid), processes.peak_memory(pid))


def timed(command):
    """Runs a command that must succeed; returns (seconds, CPU seconds)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ended.returncode == 0, f"{' '.join(command)} ended with {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Subject:
    """One replication program in a folder of its own; `databases` are replicated to `replicas`, one each."""
    name = ""
    snapshot_suffix = ""  # of the object whose arrival completes a snapshot
    change_suffix = ""    # of an object that carries transactions
    quiet_seconds = 3.0

    def __init__(self, folder, databases):
        self.folder = os.path.join(folder, self.name)
        os.makedirs(self.folder, exist_ok=True)
        self.databases = databases
        self.replicas = [os.path.join(self.folder, "replica", os.path.basename(path)) for path in databases]
        self.watcher = Watcher(*self.replicas)

    def start(self):
        """Starts the daemon and returns at once."""
        raise NotImplementedError

    def stop(self):
        raise NotImplementedError

    @property
    def pid(self):
        raise NotImplementedError

    def wait_for_snapshots(self):
        """Returns when every replica has a first snapshot, with the time (monotonic ns) of the last."""
        def complete(arrivals):
            times = {}
            for path, (when, _) in arrivals.items():
                if path.endswith(self.snapshot_suffix):
                    times.setdefault(self.replica_of(path), when)
            return max(times.values()) if len(times) == len(self.replicas) else None
        return self.watcher.wait_for(complete, f"{self.name}'s first snapshots")

    def replica_of(self, path):
        return path[len(os.path.join(self.folder, "replica")) + 1:].split(os.sep)[0]

    def start_ready(self):
        """Starts, and returns when the first snapshots are there and nothing moves any more."""
        self.start()
        self.wait_for_snapshots()
        self.wait_until_idle()

    def settle(self):
        """Returns when everything committed is in the replicas and the daemon has become idle."""
        raise NotImplementedError

    def wait_until_idle(self):
        """Nothing has arrived for a while, and the daemon was not busy preparing the next object either."""
        idle = BUSY_CPU_SECONDS + BUSY_CPU_SECONDS_EACH_DATABASE * len(self.databases)
        while True:
            before = self.usage().cpu_seconds
            self.watcher.wait_until_quiet(self.quiet_seconds)
            if self.usage().cpu_seconds - before < idle:
                return

    def usage(self):
        return usage(self.pid)

    def restore(self, replica, out, moment=None):
        """Restores a replica, as of `moment` (RFC 3339) if given; returns (seconds, CPU seconds)."""
        return timed(self.restore_command(replica, out, moment))

    def restore_command(self, replica, out, moment):
        raise NotImplementedError

    def close(self):
        self.watcher.close()

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        processes.stop_all() if failed else self.stop()
        self.close()


class Streamd(Subject):
    name = "streamd"
    snapshot_suffix = ".snap"
    change_suffix = (".all", ".last", ".delta")

    def __init__(self, folder, databases, defaults=None):
        super().__init__(folder, databases)
        self.installation = Installation(
            self.folder, [Database(path, [file_replica(replica)]) for path, replica in zip(databases, self.replicas)],
            defaults=defaults, log_level="info")

    @property
    def pid(self):
        return self.installation.daemon.pid

    def start(self):
        self.installation.start(ready=False)

    def settle(self):
        for database in self.installation.databases:
            self.installation.sync(database)
        self.wait_until_idle()

    def stop(self):
        self.installation.stop()

    def txid(self, index=0):
        """The newest transaction of a database, which must be in the replica."""
        outcome = self.installation.streamctl("sync", self.databases[index], "--wait", "--json").expect()
        return outcome.json["txid"]

    def segments(self, index=0):
        return self.installation.streamctl("segments", self.databases[index], "--json").expect().json["segments"]

    def seen(self, txid, out, index=0):
        """When the capture saw a transaction (seconds since 1970), as a restore of it tells."""
        outcome = self.installation.streamctl("restore", self.databases[index], "-o", out, "--txid", txid, "--json")
        return datetime.datetime.fromisoformat(outcome.expect().json["time"]).timestamp()

    def restore_command(self, replica, out, moment):
        command = [os.environ["STREAMCTL"], "restore", "file://" + replica, "-o", out]
        for folder in dict.fromkeys(os.environ["STREAMD_DRIVER_PATH"].split(":")):
            command += ["--driver-path", folder]
        return command + (["--timestamp", moment] if moment else [])


class Litestream(Subject):
    name = "litestream"
    snapshot_suffix = ".snapshot.lz4"
    change_suffix = ".wal.lz4"

    def __init__(self, folder, databases, defaults=None):
        super().__init__(folder, databases)
        assert not defaults, "Litestream is measured with its own defaults"
        self.config = os.path.join(self.folder, "litestream.yml")
        with open(self.config, "w", encoding="ascii") as output:
            output.write("dbs:\n")
            for database, replica in zip(databases, self.replicas):
                output.write(f"  - path: {database}\n    replicas:\n      - path: {replica}\n")

    @property
    def pid(self):
        return self.daemon.pid

    def start(self):
        self.daemon = processes.Child([os.environ["LITESTREAM"], "replicate", "-config", self.config],
                                      os.path.join(self.folder, "litestream.log"))

    def settle(self):
        """Litestream has no command that waits: what its replicas hold is looked at, in the first and in the last."""
        for index in {0, len(self.databases) - 1}:
            for _ in range(MOST_LOOKS):
                self.wait_until_idle()
                scratch = os.path.join(self.folder, "settled.db")
                self.restore(self.replicas[index], scratch)
                held = application.transactions(scratch)
                os.remove(scratch)
                if held == application.transactions(self.databases[index]):
                    break

    def stop(self):
        self.daemon.terminate()  # 0.3.13 sometimes ends with 1 here, after a sync that succeeded

    def restore_command(self, replica, out, moment):
        command = [os.environ["LITESTREAM"], "restore", "-o", out]
        return command + (["-timestamp", moment] if moment else []) + ["file://" + replica]


REPLICATORS = (Litestream, Streamd)
