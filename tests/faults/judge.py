"""What must be true after any fault, whatever it was (docs/architecture.md, the invariants)."""
import os
import shutil
import subprocess

import disk
from harness import case, compare

DOCUMENTED = {0, 1, 10, 11, 12, 13, 14, 15, 20, 21, 30, 40, 50}  # docs/cli.md
CRASH_WORDS = ("terminate called", "Assertion", "assertion failed", "Sanitizer", "std::", "what():")


def honest(outcome, may_fail=True):
    """An exit code that means something, and a sentence when it is not 0."""
    said = outcome.stderr + outcome.stdout
    assert outcome.code in DOCUMENTED, f"ended with {outcome.code}\n{said}"
    assert not any(word in said for word in CRASH_WORDS), said
    if outcome.code == 0:
        return
    assert may_fail, f"failed with {outcome.code} though nothing did\n{said}"
    lines = [line for line in outcome.stderr.splitlines() if line.strip()]
    sentence = any(line.startswith("streamctl: ") or " error " in line or " warn " in line for line in lines)
    assert sentence, f"no sentence says why\n{said}"


def application_is_unharmed(scene):
    """The database is what the application wrote last, and sound."""
    expected = scene.images[scene.newest()]
    if scene.writer is not None:
        assert scene.writer.connection.serialize() in expected, "the application's database is another one"
        assert scene.writer.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return
    assert compare.image(scene.database) in expected, "the application's database is another one"
    compare.assert_integrity(scene.database)


def walk(scene):
    """txid -> user_version of everything the replica leads to; the chain has no gap and every checksum is right."""
    walked = subprocess.run([case.program("replica_walk"), scene.replica], capture_output=True, text=True, check=False)
    assert walked.returncode == 0, f"the replica is not sound: {walked.stderr}\n{walked.stdout}"
    return [(int(txid), int(version), kind) for txid, version, _, _, kind in map(str.split, walked.stdout.splitlines())]


def no_gap(moments):
    """Every commit is there, or its absence is marked."""
    for (_, before, _), (txid, version, kind) in zip(moments, moments[1:]):
        assert version in (before, before + 1) or kind != "commit", f"transaction {txid} goes from {before} to {version}"


def restores(scene, txids=()):
    """The newest moment is the database as it is; each of `txids` is what the application had committed then."""
    for txid in [None, *txids]:
        outcome, out = scene.restore(*(["--txid", str(txid)] if txid is not None else []))
        assert outcome.code == 0, f"restore of {txid} ended with {outcome.code}\n{outcome.stderr}"
        matches(scene, out, scene.newest() if txid is None else None)
        os.remove(out)


def matches(scene, out, version=None):
    """The restored file is, byte by byte, one of the oracle's."""
    with open(out, "rb") as content:
        image = content.read()
    number = int.from_bytes(image[60:64], "big")
    assert version is None or number == version, f"restored commit {number}, but {version} was the newest"
    assert image in scene.images.get(number, ()), f"{out}: commit {number} differs from what was committed"
    return number


def healed(scene, moments_to_try=2):
    """Nothing fails any more: a run ends well, all is on the replica, and all that lies there is right."""
    outcome = scene.once()
    assert outcome.code == 0, f"a run without any fault ended with {outcome.code}\n{outcome.stderr}"
    moments = walk(scene)
    no_gap(moments)
    assert moments[-1][1] == scene.newest(), f"the replica ends at {moments[-1]}"
    picked = sorted({txid for txid, _, _ in moments})
    restores(scene, picked[:: max(1, len(picked) // moments_to_try)][:moments_to_try])
    application_is_unharmed(scene)
    verified = scene.streamctl("verify", scene.database)
    assert verified.code == 0, f"verify ended with {verified.code}\n{verified.stdout}{verified.stderr}"
    nothing_left_behind(scene)


def survives_a_power_cut(scene):
    """What the replica was said to have is there when all is lost that was not synced."""
    cut = disk.Disk(scene.disk)
    for record in disk.read_records(scene.record):
        cut.apply(record)
    lost = os.path.join(scene.folder, "after-the-cut")
    shutil.rmtree(lost, ignore_errors=True)
    disk.write_out(cut.cut("strict", 0), lost, os.devnull)
    out = os.path.join(scene.folder, "cut.db")
    restored = scene.streamctl("restore", "file://" + os.path.join(lost, "replica"), "-o", out)
    assert restored.code == 0, f"not durable: {restored.stderr}"
    matches(scene, out, scene.newest())
    os.remove(out)


def nothing_left_behind(scene):
    """No temporary file stays where it would stay for ever."""
    for where, _, names in os.walk(os.path.join(scene.disk, "state")):
        left = [name for name in names if name.startswith(".tmp-")]
        assert not left, f"left behind in {where}: {left}"
