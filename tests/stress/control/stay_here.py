"""A build with a mistake (engine/sqlite/mistake.h) says so in its bytes, and nothing that is installed does.

The environment names CMAKE, BUILD_FOLDER and the CONTROLS (separated by colons).
"""
import os
import subprocess

from harness import case, damage

MARKER = b"streamd control build"


def has_marker(path):
    with open(path, "rb") as content:
        return MARKER in content.read()


def test_every_control_carries_the_marker(_):
    for control in os.environ["CONTROLS"].split(":"):
        assert has_marker(control), control


def test_nothing_installed_does(folder):
    subprocess.run([os.environ["CMAKE"], "--install", os.environ["BUILD_FOLDER"]], check=True,
                   stdout=subprocess.DEVNULL, env={**os.environ, "DESTDIR": folder})
    installed = [path for path in damage.files(folder) if not os.path.islink(path)]
    assert {"streamd", "streamctl"} <= {os.path.basename(path) for path in installed}, installed
    wrong = [path for path in installed if has_marker(path)]
    assert not wrong, wrong


if __name__ == "__main__":
    case.run(globals())
