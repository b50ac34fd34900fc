"""Replicas of LTX files that the published Litestream 0.5.17 extension wrote, and their compactions in both encodings:
restored by streamctl and by the extension (its hydration is the restore of 0.5), byte for byte the same."""
import datetime
import fcntl
import os
import platform
import shutil
import tarfile
import tempfile

from harness import case, compare, damage, npm
from harness.daemon import run
from support import ltx

PACKAGES = {"x86_64": "litestream-vfs-linux-amd64@0.5.17", "aarch64": "litestream-vfs-linux-arm64@0.5.17"}


def extension():
    """Its path in the cache of the build; the test skips where npm does not bring it."""
    package = PACKAGES.get(platform.machine())
    if package is None or shutil.which("sqlite3") is None:
        case.skip(f"npm carries no Litestream 0.5 for {platform.machine()}, or sqlite3 is not installed")
    folder = os.path.join(os.environ["STREAMD_TEST_CACHE"], "litestream-vfs")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "litestream-vfs.so")
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            try:
                with tempfile.TemporaryDirectory(dir=folder) as scratch:
                    with tarfile.open(npm.pack(package, scratch)) as archive:
                        archive.extract("package/litestream-vfs.so", scratch)
                    os.replace(os.path.join(scratch, "package/litestream-vfs.so"), path)
            except npm.Unavailable as reason:
                case.skip(str(reason))
    return path


class Scene:
    def __init__(self, folder):
        self.folder, self.extension = folder, extension()
        self.replica = os.path.join(folder, "replica")
        os.makedirs(self.replica)

    def sqlite(self, replica, *statements, **environment):
        """sqlite3 with the database that lies in the replica."""
        settings = {"LITESTREAM_REPLICA_URL": "file://" + replica, "LITESTREAM_LOG_FILE": os.path.join(self.folder, "log"),
                    **{"LITESTREAM_" + name: value for name, value in environment.items()}}
        load = f".load {self.extension} sqlite3_litestreamvfs_init"
        return run(["sqlite3", ":memory:", "-cmd", load, ".open file:x.db?vfs=litestream", *statements], settings).expect(0)

    def write(self, *statements):
        """One commit, uploaded when this returns; a process each, as the extension wants it."""
        self.sqlite(self.replica, *statements, ".shell sleep 0.25", WRITE_ENABLED="true", SYNC_INTERVAL="50ms",
                    BUFFER_PATH=os.path.join(self.folder, "buffer"))

    def theirs(self, replica, name):
        """What 0.5 restores: the database that its extension hydrates."""
        out = os.path.join(self.folder, name)
        wait = [".shell sleep 0.3", "pragma litestream_hydration_progress;"] * 2
        shown = self.sqlite(replica, "select count(*) from t;", *wait, HYDRATION_ENABLED="true", HYDRATION_PATH=out)
        assert shown.stdout.split()[-1].startswith("100"), shown
        return content(out)

    def restore(self, replica, name, *arguments):
        return run([case.program("streamctl"), "restore", "litestream+file://" + replica,
                    "-o", os.path.join(self.folder, name), *arguments])

    def ours(self, replica, name, *arguments):
        self.restore(replica, name, *arguments).expect(0)
        return content(os.path.join(self.folder, name))


def content(path):
    with open(path, "rb") as file:
        return file.read()


def files_of(replica):
    return [ltx.read(content(path)) for path in damage.files(os.path.join(replica, "ltx", "0"), ".ltx")]


def put(replica, level, file, frames):
    path = os.path.join(replica, "ltx", str(level), file.name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as output:
        output.write(file.encode(frames))


def spelled(milliseconds):
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds")


def written(folder):
    scene = Scene(folder)
    scene.write("create table t(a integer primary key, b blob);", "insert into t(b) values(randomblob(20000));")
    for number in range(5):
        scene.write("insert into t(b) values(randomblob(3000)),(zeroblob(5000));",
                    f"update t set b = randomblob(700) where a = {number};", "delete from t where a % 3 = 2;")
    assert len(files_of(scene.replica)) >= 5
    return scene


def compacted(scene, frames):
    """The same history as a snapshot of the first half, two levels, and the newest files as they were."""
    replica = os.path.join(scene.folder, f"compacted-{frames}")
    files = files_of(scene.replica)
    put(replica, 9, ltx.merged(files[:2]), frames)
    put(replica, 2, ltx.merged(files[:3]), not frames)
    put(replica, 1, ltx.merged(files[3:-1]), frames)
    put(replica, 0, files[-1], not frames)
    return replica


def every_transaction_is_what_litestream_restores(folder, scene):
    files = files_of(scene.replica)
    for file in (files[0], files[len(files) // 2], files[-1]):
        part = os.path.join(folder, f"until-{file.last}")
        shutil.copytree(scene.replica, part)
        for name in os.listdir(os.path.join(part, "ltx", "0")):
            if name > file.name:
                os.remove(os.path.join(part, "ltx", "0", name))
        theirs = scene.theirs(part, f"theirs-{file.last}.db")
        assert scene.ours(part, f"newest-{file.last}.db") == theirs
        assert scene.ours(scene.replica, f"txid-{file.last}.db", "--txid", str(file.last), "--check", "full") == theirs
        assert scene.ours(scene.replica, f"time-{file.last}.db", "--timestamp", spelled(file.milliseconds)) == theirs


def compactions_in_both_encodings(folder, scene):
    newest = scene.theirs(scene.replica, "theirs.db")
    for frames in (False, True):
        replica = compacted(scene, frames)
        assert scene.theirs(replica, f"theirs-{frames}.db") == newest, "our own writer is wrong"
        assert scene.ours(replica, f"ours-{frames}.db", "--check", "full") == newest
        in_s3 = os.path.join(folder, f"s3-{frames}")  # the names that Litestream gives its objects there
        shutil.copytree(os.path.join(replica, "ltx"), in_s3)
        for level in os.listdir(in_s3):
            os.rename(os.path.join(in_s3, level), os.path.join(in_s3, f"{int(level):04x}"))
        assert scene.ours(in_s3, f"s3-{frames}.db") == newest
        found = scene.restore(replica, f"json-{frames}.db", "--json").expect(0).json
        assert (found["litestream"], found["txid"]) == ("0.5", files_of(scene.replica)[-1].last)


def refusals(folder, scene):
    files = files_of(scene.replica)
    replica = os.path.join(folder, "compacted-False")
    assert scene.restore(replica, "x.db", "--txid", "99").code == 12
    assert scene.restore(replica, "x.db", "--txid", str(files[3].last)).code == 12  # inside of a compaction
    scene.restore(replica, "nearest.db", "--txid", str(files[3].last), "--nearest").expect(0)
    assert scene.restore(replica, "x.db", "--generation", "0123456789abcdef").code == 2
    assert scene.restore(replica, "x.db", "--timestamp", "2020-01-01T00:00:00Z").code == 12
    shutil.rmtree(os.path.join(replica, "ltx", "1"))
    gap = scene.restore(replica, "x.db")
    assert gap.code == 30 and "missing before" in gap.stderr, gap
    for path in damage.files(scene.replica, ".ltx")[:2]:
        for offset in (-1, 40, os.path.getsize(path) // 2, -20):
            damage.flip_bit(path, offset)
            refused = scene.restore(scene.replica, "x.db")
            assert refused.code == 30 and os.path.basename(path) in refused.stderr, refused
            damage.flip_bit(path, offset)
    assert not [name for name in os.listdir(folder) if name.startswith("x.db")]
    assert scene.ours(scene.replica, "newest.db") == scene.theirs(scene.replica, "newest-theirs.db")
    compare.assert_integrity(os.path.join(folder, "newest.db"))


def test_one_replica_in_all_ways(folder):
    scene = written(folder)
    every_transaction_is_what_litestream_restores(folder, scene)
    compactions_in_both_encodings(folder, scene)
    refusals(folder, scene)


if __name__ == "__main__":
    case.run(globals())
