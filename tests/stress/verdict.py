"""Whether a replica tells the truth: every commit of its chain against the oracle, and real restores."""
import collections
import dataclasses
import os
import sqlite3
import subprocess

from harness import compare

ORACLE_SAW, REPLICA_ENDS = "the oracle saw", "the replica ends with"
NOTHING_PROVEN = "no commit that the oracle saw was found in the replica: nothing is proven"
LIVE_BREAK = " broke: "  # in what the daemon logs (engine/sqlite/capture.cpp)

Image = collections.namedtuple("Image", "user_version pages hash")


@dataclasses.dataclass(frozen=True)
class Commit:
    """One line of a walk through the replica (image_hash.h)."""
    txid: int
    image: Image
    kind: str


def parse_line(line):
    txid, user_version, pages, image_hash, kind = line.split()
    return Commit(int(txid), Image(int(user_version), int(pages), image_hash), kind)


def parse(text):
    return [parse_line(line) for line in text.splitlines() if line]


def check_chain(commits):
    """Complaints about the chain itself: txids have no hole, and user_version grows by 0 or 1 but where commits
    were skipped."""
    for before, after in zip(commits, commits[1:]):
        old, new = before.image.user_version, after.image.user_version
        if after.kind != "snapshot" and after.txid != before.txid + 1:
            yield f"txid {after.txid} follows {before.txid}"
        if new < old:
            yield f"txid {after.txid}: user_version goes back from {old} to {new}"
        if new > old + 1 and after.kind == "commit":
            yield f"txid {after.txid}: user_version jumps from {old} to {new}"


def check_unbroken(commits):
    """Complaints about skipped commits in a run that gave no reason to skip any."""
    for commit in commits[1:]:
        if commit.kind != "commit":
            yield f"txid {commit.txid} is a {commit.kind}, though the daemon held the log all the time"


def skipped_ranges(commits):
    """The (first, last) user_versions between which the replica says that it does not know every commit."""
    ranges = [(0, commits[0].image.user_version)]
    for before, after in zip(commits, commits[1:]):
        if after.kind != "commit":
            ranges.append((before.image.user_version, after.image.user_version))
    return ranges


def check_oracle(commits, observed):
    """(complaints, how many of the oracle's commits the replica has, how many lie where it skipped)"""
    known = {commit.image for commit in commits}
    skipped = skipped_ranges(commits)
    complaints, matched, excused = [], 0, 0
    for image in sorted(set(observed)):
        if image in known:
            matched += 1
        elif any(first <= image.user_version <= last for first, last in skipped):
            excused += 1
        else:
            complaints.append(f"{ORACLE_SAW} user_version {image.user_version} as {image.pages} pages "
                              f"{image.hash}; the replica never was like that")
    if matched == 0:
        complaints.append(NOTHING_PROVEN)
    return complaints, matched, excused


def check_end(commits, observed):
    if observed[-1] != commits[-1].image:
        yield f"{REPLICA_ENDS} {commits[-1].image}, the oracle saw {observed[-1]} last"


def is_divergence(complaint):
    """Whether it says that the replica is not what the oracle saw."""
    return complaint.startswith((ORACLE_SAW, REPLICA_ENDS))


def check_live(log):
    """Complaints about breaks of the capture's continuity while it held the log."""
    with open(log, encoding="utf-8", errors="replace") as lines:
        broken = [line.strip() for line in lines if LIVE_BREAK in line]
    if broken:
        yield f"the capture broke {len(broken)} times while it held the log: {broken[0]}"


def check_restored(path, commit, oracle):
    """Complaints about a restored file that should be `commit`: its pages, its integrity, its invariants."""
    found = subprocess.run([oracle, "file", path], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        return [f"txid {commit.txid}: {found.stderr.strip()}"]
    image = parse_line(found.stdout).image
    if image != commit.image:
        return [f"txid {commit.txid}: restored {image} instead of {commit.image}"]
    connection = sqlite3.connect(path)
    try:
        integrity = connection.execute("PRAGMA integrity_check").fetchall()
        balance = connection.execute("SELECT sum(balance) FROM account").fetchone()[0]
        newest = connection.execute("SELECT coalesce(max(n), 0) FROM ledger").fetchone()[0]
    except sqlite3.DatabaseError as broken:
        return [f"txid {commit.txid}: {broken}"]
    finally:
        connection.close()
    version = commit.image.user_version
    if integrity == [("ok",)] and balance == 0 and newest == version:
        return []
    return [f"txid {commit.txid}: integrity {integrity[:3]}, balance {balance}, ledger {newest}, user_version {version}"]


def check_restores(commits, count, random, restore, folder, oracle):
    """Restores the newest, the oldest and random commits with `restore(txid, out)`, which returns an Outcome."""
    chosen = [commits[-1], commits[0]] + random.sample(commits, min(count, len(commits)))
    out = os.path.join(folder, "restored.db")
    complaints = []
    for commit in chosen:
        outcome = restore(commit.txid, out)
        if outcome.code != 0:
            reason = outcome.stderr.strip()
            complaints.append(f"txid {commit.txid}: restore ended with exit code {outcome.code}: {reason}")
        else:
            complaints += check_restored(out, commit, oracle)
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(out + suffix):
                os.unlink(out + suffix)
    return complaints, len(chosen)


def check_original(database, commits, acknowledged):
    """Complaints about the application's own database, and whether the replica's end is what it is."""
    compare.assert_integrity(database)
    connection = sqlite3.connect(database)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    finally:
        connection.close()
    if version < acknowledged:
        yield f"the database is at {version}, but {acknowledged} was acknowledged to a writer"
    if commits[-1].image.user_version != version:
        yield f"the replica ends at user_version {commits[-1].image.user_version}, the database at {version}"
