"""The units as systemd judges them: what the sandbox lets through, and how far it is closed."""
import json
import os
import re
import shutil
import subprocess

from harness import case

SYSTEMD = os.path.join(os.environ["SOURCE"], "packaging", "systemd")


def unit_of(name):
    """The unit as it is installed, with a program that is there."""
    with open(os.path.join(SYSTEMD, name + ".in"), encoding="utf-8") as template:
        text = template.read()
    for word, part in (("SERVICE", "service.conf"), ("SANDBOX", "sandbox.conf")):
        with open(os.path.join(SYSTEMD, part), encoding="utf-8") as content:
            text = text.replace(f"@{word}@", content.read())
    return re.sub(r"@\w+@", "/usr", re.sub(r"(?m)^ExecStart=.*$", "ExecStart=/bin/true", text))


def test_a_group_can_be_given_and_little_else(folder):
    """control-group needs chown(); systemd lets nobody without a capability give a file away."""
    if not shutil.which("systemd-analyze"):
        case.skip("there is no systemd-analyze here")
    for name in ("streamd.service", "streamd@.service"):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as output:
            output.write(unit_of(name))
        command = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15"]
        judged = subprocess.run([*command, "--json=short", path], capture_output=True, text=True, check=False)
        if "unrecognized option" in judged.stderr:
            case.skip("this systemd-analyze is older than systemd 252")
        assert judged.returncode == 0, judged.stdout + judged.stderr
        found = {each["name"]: each for each in json.loads(judged.stdout)}
        privileged = found["SystemCallFilter=~@privileged"]
        assert not privileged["set"] and "chown is allowed" in privileged["description"], privileged
        assert found["CapabilityBoundingSet=~CAP_(CHOWN|FSETID|SETFCAP)"]["set"], found


if __name__ == "__main__":
    case.run(globals())
