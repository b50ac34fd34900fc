"""The processes of a stress run: writers, readers, the oracle and the daemon."""
import collections
import os
import signal
import subprocess
import time

from harness import processes
from scenario import FAULTS

EXIT_DAMAGED, EXIT_BAD_STATE = 70, 71  # connection.h


class Cast:
    def __init__(self, options, scenario, random, folder, libraries):
        self.options, self.scenario, self.random, self.folder = options, scenario, random, folder
        self.libraries = libraries  # name: path of an SQLite to preload; empty without a newer SQLite
        self.database = os.path.join(folder, "app.db")
        self.oracle_lines = os.path.join(folder, "oracle.txt")
        self.daemon_command = []
        self.daemon_environment = {}
        self.clients = {}
        self.daemon = None
        self.events = collections.Counter()

    # -- clients of the database

    def start_clients(self):
        for number in range(self.scenario.writers):
            self.start_client(("writer", number))
        for number in range(self.scenario.readers):
            self.start_client(("reader", number))
        self.start_client(("oracle", 0))

    def start_client(self, role):
        kind, number = role
        seconds = str(self.options.seconds * 2 + 60)  # the driver ends them
        if kind == "oracle":
            command = [self.options.oracle, "live", self.database, self.oracle_lines, "--seconds", seconds,
                       "--gap-ms", str(self.scenario.oracle_gap_ms)]
            environment = self._sqlite("newest")
        else:
            mode = self.scenario.pace if kind == "writer" else "reader"
            command = [self.options.writer, mode, self.database, "--seed", self._seed(), "--seconds", seconds]
            if kind == "writer":
                command += ["--log", self.acknowledged(number)]
            environment = self._any_sqlite(faulty=kind == "writer")
        self.events[f"{kind}s started"] += 1
        self.clients[role] = self._child(["nice", "-n", "5", *command], kind, environment)

    def acknowledged(self, number):
        return os.path.join(self.folder, f"writer-{number}.commits")

    def replace_ended_clients(self):
        for role, client in list(self.clients.items()):
            if client.running():
                continue
            code = client.wait()
            if code == -signal.SIGKILL:
                self.events["clients killed by a fault point"] += 1
            elif code == EXIT_DAMAGED:
                self.events["clients that saw a damaged database"] += 1
            elif code == EXIT_BAD_STATE:
                self.events["readers that saw a wrong state"] += 1
            elif code != 0:
                self.events[f"{role[0]}s that failed"] += 1
            self.start_client(role)

    def kill_a_writer(self):
        role = self.random.choice([role for role in self.clients if role[0] == "writer"])
        self.clients[role].kill()
        self.events["writers killed"] += 1
        self.start_client(role)

    def close_all_clients(self, politely):
        for client in self.clients.values():
            client.signal(signal.SIGTERM if politely else signal.SIGKILL)
        for client in self.clients.values():
            client.wait()
        self.clients = {}

    def live_offline(self):
        """A short life of the application with nobody else there: its close ends the log."""
        command = [self.options.writer, "slow", self.database, "--seed", self._seed(),
                   "--seconds", "0.4", "--log", self.acknowledged(0)]
        self._child(command, "writer", self._any_sqlite(faulty=False)).wait()
        self.observe()
        self.events["lives offline"] += 1

    def observe(self):
        """The oracle's line for this moment."""
        command = [self.options.oracle, "once", self.database, self.oracle_lines]
        code = self._child(command, "oracle", self._sqlite("newest")).wait()
        if code != 0:
            raise RuntimeError(f"the oracle could not read the database (exit code {code})")

    # -- the daemon

    def start_daemon(self):
        sqlite = self._any_sqlite(faulty=False)
        self.daemon = self._child(self.daemon_command, "daemon", {**self.daemon_environment, **sqlite})
        self.events["daemons started"] += 1

    def kill_daemon(self):
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon = None
            self.events["daemons killed"] += 1

    def freeze_daemon(self):
        if self.daemon is not None:
            self.daemon.freeze()
            time.sleep(self.random.choice((0.01, 0.1, 0.4, 1.2)))
            self.daemon.thaw()
            self.events["daemons frozen"] += 1

    def ensure_daemon(self):
        if self.daemon is not None and not self.daemon.running():
            self.events[f"daemons that ended by themselves (exit code {self.daemon.wait()})"] += 1
            self.daemon = None
        if self.daemon is None:
            self.start_daemon()

    # -- last acts, when all clients have left and the daemon runs

    def phantom_commit(self, _settle):
        """A writer dies when its commit is in the log and the index does not know it: it never was."""
        death = subprocess.run([self.options.application, self.database], text=True, capture_output=True, check=False,
                               input="die commit-frame\nsql INSERT INTO blobs(n, content) VALUES(0, randomblob(500))\n")
        if death.returncode != -signal.SIGKILL:
            raise RuntimeError(f"the writer did not die in its commit: {death.stdout}{death.stderr}")
        self.events["phantom commits"] += 1

    def emptied_log(self, settle):
        """The daemon meets the log twice as the application's last close leaves it, with commits between."""
        for _ in range(2):
            self.kill_daemon()
            self.live_offline()
            self.start_daemon()
            settle()

    # -- how processes are started

    def _seed(self):
        return str(self.random.randrange(1 << 40))

    def _child(self, command, kind, environment):
        return processes.Child(command, os.path.join(self.folder, kind + ".log"), environment)

    def _sqlite(self, name):
        if name not in self.libraries:
            return {}
        return {
            "LD_PRELOAD": self.libraries[name],
            "FAULT_POINTS": FAULTS if name == "newest-with-faults" else "",
            # Builds with AddressSanitizer want to be first in the list of libraries, but work without.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        }

    def _any_sqlite(self, faulty):
        names = ["distribution", "newest"] + (["newest-with-faults"] * 2 if faulty else [])
        return self._sqlite(self.random.choice(names))
