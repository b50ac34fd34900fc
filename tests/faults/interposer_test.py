"""The interposer itself: the call whose turn it is fails, and no other; everything that was done is recorded."""
import errno
import os
import subprocess
import sys

import disk
import sites
from harness import case

SCRIPT = """
import os, sys
folder = sys.argv[1]
failed = []
for number in range(4):
    try:
        with open(os.path.join(folder, f"file-{number}"), "wb", buffering=0) as out:
            out.write(b"x" * 1000)
            os.fsync(out.fileno())
    except OSError as error:
        failed.append((number, error.errno))
os.rename(os.path.join(folder, "file-0"), os.path.join(folder, "renamed"))
print(failed)
"""


def run(folder, **settings):
    below = os.path.join(folder, "below")
    os.makedirs(below, exist_ok=True)
    environment = {**os.environ, "LD_PRELOAD": case.program("fault_interposer"), "FAULTS_BELOW": below, **settings}
    ended = subprocess.run([sys.executable, "-B", "-c", SCRIPT, below], env=environment, capture_output=True, text=True, check=False)
    return ended.stdout.strip() or ended.returncode, below


def fault(folder, text):
    return sites.parse_fault(text).environment(os.path.join(folder, "below"))


def test_the_nth_call_fails(folder):
    assert run(folder)[0] == "[]"
    assert run(folder, **fault(folder, "sync:file-*:2:EIO"))[0] == f"[(1, {errno.EIO})]"
    assert run(folder, **fault(folder, "open:file-*:3:EMFILE"))[0] == f"[(2, {errno.EMFILE})]"
    sticky = [(number, errno.ENOSPC) for number in (1, 2, 3)]
    assert run(folder, **fault(folder, "write:file-*:2:ENOSPC:sticky"))[0] == str(sticky)
    assert run(folder, **fault(folder, "write:other-*:1:EIO"))[0] == "[]"
    assert run(folder, **fault(folder, "rename:renamed:1:KILL"))[0] == -9


def test_half_is_written(folder):
    _, below = run(folder, **fault(folder, "write:file-*:3:SHORT"))
    assert os.path.getsize(os.path.join(below, "file-2")) == 500
    assert os.path.getsize(os.path.join(below, "file-3")) == 1000


def test_armed_and_lifted_by_files(folder):
    nowhere, here = os.path.join(folder, "nowhere"), folder
    settings = fault(folder, "write:file-*:1:EIO:sticky")
    assert run(folder, **settings, FAULTS_ARMED=nowhere)[0] == "[]"
    assert run(folder, **settings, FAULTS_LIFTED=here)[0] == "[]"
    assert run(folder, **settings, FAULTS_ARMED=here, FAULTS_LIFTED=nowhere)[0] != "[]"


def test_the_record_rebuilds_the_folder(folder):
    record = os.path.join(folder, "record")
    below = os.path.join(folder, "below")
    os.mkdir(below)
    disk.write_record(record, "G", os.stat(below).st_ino, below)
    run(folder, FAULTS_RECORD=record)
    model = disk.Disk(below)
    for each in disk.read_records(record):
        model.apply(each)
    rebuilt = {path: content for path, (_, content) in model.cut("kept", 0).items()}
    assert rebuilt == {name: open(os.path.join(below, name), "rb").read() for name in os.listdir(below)}
    assert model.cut("strict", 0) == {}  # nobody has synced the folder


if __name__ == "__main__":
    case.run(globals())
