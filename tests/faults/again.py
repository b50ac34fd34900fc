"""The one command that runs a failure again."""
import os
import shlex

NAMES = ("STREAMD", "STREAMCTL", "STREAMD_DRIVER_PATH", "FAULT_INTERPOSER", "REPLICA_WALK", "PYTHONPATH")


def command(script, words):
    environment = " ".join(f"{name}={shlex.quote(os.environ[name])}" for name in NAMES if name in os.environ)
    return f"{environment} /usr/bin/python3 -B {shlex.quote(os.path.abspath(script))} {words}"
