"""streamd and streamctl as a test uses them."""
import dataclasses
import json
import os
import subprocess

from harness import case, processes, secrets
from harness.waiting import wait_until


def toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return json.dumps(value)  # TOML's basic strings know JSON's escapes


def toml_table(header, settings):
    lines = [header]
    lines += [f"{name} = {toml_value(value)}" for name, value in settings.items()]
    return "\n".join(lines)


@dataclasses.dataclass
class Database:
    """One database and where it is replicated to. Keys are spelled as in the configuration."""
    path: str
    replicas: list  # one dict of settings each, `driver` among them
    settings: dict = dataclasses.field(default_factory=dict)


def file_replica(path, name="folder", **settings):
    return {"name": name, "driver": "file", "path": str(path), **settings}


@dataclasses.dataclass
class Outcome:
    """How a command ended."""
    code: int
    stdout: str
    stderr: str

    @property
    def json(self):
        try:
            return json.loads(self.stdout)
        except json.JSONDecodeError as problem:
            raise AssertionError(f"not JSON ({problem}): {self.stdout!r}\n{self.stderr}") from None

    def expect(self, code=0):
        assert self.code == code, f"exit code {self.code} instead of {code}\n{self.stdout}\n{self.stderr}"
        return self


class Installation:
    """A configuration with its daemon, in one folder. The daemon does not start by itself."""

    def __init__(self, folder, databases, streamd=None, defaults=None, log_level="debug", user=None):
        """`user` (of harness.users) runs the daemon; `folder` must be his then."""
        self.folder = folder
        self.user = user
        self.databases = databases
        self.control = os.path.join(folder, "control.sock")
        self.config = os.path.join(folder, "streamd.toml")
        self.daemon = None
        self._lives = 0
        self.write_config(streamd or {}, defaults or {}, log_level)

    def write_config(self, streamd, defaults, log_level="debug"):
        drivers = [path for path in os.environ.get("STREAMD_DRIVER_PATH", "").split(":") if path]
        base = {"driver-path": list(dict.fromkeys(drivers)), "http": "", "control": self.control}
        parts = [toml_table("[streamd]", {**base, **streamd}),
                 toml_table("[log]", {"level": log_level, "format": "text"})]
        if defaults:
            parts.append(toml_table("[defaults]", defaults))
        told = [streamd, defaults, *(database.settings for database in self.databases)]
        for settings in told + [replica for database in self.databases for replica in database.replicas]:
            secrets.from_settings(settings, self.config)
        for database in self.databases:
            parts.append(toml_table("[[database]]", {"path": database.path, **database.settings}))
            parts += [toml_table("[[database.replica]]", replica) for replica in database.replicas]
        with open(self.config, "w", encoding="utf-8") as output:
            output.write("\n\n".join(parts) + "\n")
        os.chmod(self.config, 0o600)
        if self.user:
            os.chown(self.config, self.user.uid, self.user.gid)

    def start(self, *arguments, environment=None, ready=True):
        """Starts streamd; with `ready` waits until it answers on its control socket."""
        self._lives += 1
        log = os.path.join(self.folder, f"streamd-{self._lives}.log")
        self.daemon = processes.Child(self._streamd(*arguments), log, environment)
        if ready:
            wait_until(self._answers, "the daemon's control socket", progress=lambda: os.path.getsize(log))
            secrets.check_process(self.daemon.pid)
        return self.daemon

    def _streamd(self, *arguments):
        command = [case.program("streamd"), "--config", self.config, *arguments]
        return self.user.command(command) if self.user else command

    def _answers(self):
        assert self.daemon.running(), f"streamd ended while starting\n{self.daemon.output()}"
        if not os.path.exists(self.control):
            return False
        status = self.streamctl("status", "--json")  # answers without a daemon too: "daemon" is null then
        return status.code == 0 and status.json["daemon"] is not None and status.json["daemon"]["pid"] == self.daemon.pid

    def run_once(self, *arguments):
        """streamd in the foreground (`--once`, `--check`): its outcome."""
        return run(self._streamd(*arguments))

    def stop(self, code=0):
        """SIGTERM; the daemon's exit code must be `code`."""
        ended = self.daemon.terminate()
        assert ended == code, f"streamd ended with {ended} instead of {code}\n{self.daemon.output()}"

    def kill(self):
        self.daemon.kill()

    def streamctl(self, *arguments):
        return run([case.program("streamctl"), *arguments], {"STREAMD_CONFIG": self.config})

    def sync(self, database):
        """Returns when everything committed so far is on every replica."""
        return self.streamctl("sync", database.path, "--wait", "--timeout", "120s").expect(0)

    def restore(self, database, out, *arguments):
        return self.streamctl("restore", database.path, "-o", out, *arguments)


def run(command, environment=None):
    """Runs a command to its end, with no terminal. It must not print what it was told in confidence."""
    environment = {**os.environ, **(environment or {})}
    secrets.from_environment(environment)
    ended = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           errors="replace", env=environment, check=False)
    secrets.check_text("what it printed", ended.stdout + ended.stderr)
    return Outcome(ended.returncode, ended.stdout, ended.stderr)
