"""Programs that run as other users. Needs root; the users need no accounts."""
import contextlib
import dataclasses
import os
import shutil
import subprocess

from harness import case


@dataclasses.dataclass(frozen=True)
class User:
    uid: int
    gid: int
    groups: tuple = ()

    def command(self, words):
        """`words` as this user runs them."""
        groups = ["--groups", ",".join(map(str, self.groups))] if self.groups else ["--clear-groups"]
        return ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", *groups, "--", *map(str, words)]

    def may_run(self, program):
        return subprocess.run(self.command(["test", "-x", program]), check=False).returncode == 0


ROOT = User(0, 0)


def need_root():
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        case.skip("needs root and setpriv to run programs as other users")


@contextlib.contextmanager
def reachable_programs(folder, user):
    """Within it, everything that `user` needs of this build and of the harness is where he may reach it: in `folder`
    when what is above the build shuts him out. Gives the environment for the harness's own programs."""
    before = dict(os.environ)
    drivers = os.environ.get("STREAMD_DRIVER_PATH", "").split(":")
    if not all(user.may_run(path) for path in [case.program("streamd"), *drivers]):
        os.environ["STREAMD"] = shutil.copy(case.program("streamd"), folder)
        copies = [os.path.join(folder, f"drivers-{number}") for number in range(len(drivers))]
        for source, copy in zip(drivers, copies):
            os.mkdir(copy, 0o755)
            for name in os.listdir(source):
                if name.endswith(".so"):
                    shutil.copy(os.path.join(source, name), copy)
        os.environ["STREAMD_DRIVER_PATH"] = ":".join(copies)
    shutil.copytree(os.path.dirname(__file__), os.path.join(folder, "python", "harness"),
                    ignore=shutil.ignore_patterns("self_test", "__pycache__"))
    try:
        yield {"PYTHONPATH": os.path.join(folder, "python")}
    finally:
        os.environ.clear()
        os.environ.update(before)
