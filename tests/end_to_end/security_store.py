"""Stores that mean harm: answers without an end, sizes that cannot be, names that lead elsewhere. Each costs an error, in
bounded memory and time; nothing is written outside the target."""
import concurrent.futures
import os
import time

from harness import case
from harness.b2 import B2
from harness.daemon import Database, Installation
from harness.http_faults import HttpFaults
from harness.processes import Child, measured
from harness.store_scene import Scene
from harness.waiting import wait_until
from harness.workload import Writer
from support.fake_s3 import FakeS3

MUCH = 256 << 20  # bytes; an honest restore of this database takes about 40 MiB
LONG = 45.0       # seconds, of which most are pauses between attempts
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n"
BLOCK = b"x" * 65536


def whole(body):
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


def page(contents="", token=""):
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return whole(f"<ListBucketResult>{more}{contents}</ListBucketResult>".encode())


def entry(key, size=1000):
    return f"<Contents><Key>{key}</Key><Size>{size}</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"


class Pages:
    """Lists of always other pages, made by `make`(number)."""

    def __init__(self, make):
        self.make, self.number = make, 0

    def __call__(self, _method, _target):
        self.number += 1
        return self.make(self.number)


def restore(installation, database, out, arguments=()):
    command = [case.program("streamctl"), "restore", database.path, "-o", out, *arguments]
    return measured(command, {"STREAMD_CONFIG": installation.config}, LONG)


def s3_scene(folder):
    """A backup at an honest server, and one way to it for each who asks: (scene, way, installation) by name."""
    scene = Scene(os.path.join(folder, "machine"))
    scene.installation.run_once("--once").expect(0)

    def another(name):
        way = HttpFaults(scene.server.port)
        home = os.path.join(folder, name)
        os.mkdir(home)
        replica = {**scene.database.replicas[0], "endpoint": way.endpoint}
        database = Database(os.path.join(home, "app.db"), [replica])
        return way, Installation(home, [database]), database
    return another


S3 = {
    # name: (kind, value, part of the target, what the error says)
    "repeated-token": ("answer", page(token="again"), "list-type", "repeats a page"),
    "empty-pages": ("answer", Pages(lambda n: page(token=f"t{n}")), "list-type", "repeats a page"),
    "going-back": ("answer", Pages(lambda n: page(entry(f"app/generations/{'ba'[n % 2]}"), f"t{n}")), "list-type", "goes back in its list"),
    "strangers": ("answer", page(entry("elsewhere/x")), "list-type", "which is not below"),
    "endless-list": ("endless", (HEAD + b"\r\n<ListBucketResult>", BLOCK), "list-type", "response is too long"),
    "deep-list": ("answer", whole(b"<ListBucketResult>" + b"<a>" * 2_500_000), "list-type", "no list"),
    "wide-list": ("answer", whole(b"<ListBucketResult>" + b"<a/>" * 1_900_000 + b"</ListBucketResult>"), "list-type", "first snapshot"),
    "endless-header": ("endless", (HEAD + b"X-Much: ", BLOCK), "list-type", "list app/"),
    "endless-headers": ("endless", (HEAD, b"X-Much: " + b"y" * 1000 + b"\r\n"), "list-type", "headers are too long"),
    "endless-continue": ("endless", (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), "list-type", "headers are too long"),
    "endless-error": ("endless", (b"HTTP/1.1 500 No\r\n\r\n", BLOCK), "list-type", "response is too long"),
    "endless-object": ("endless", (HEAD + b"\r\n", BLOCK), "streamd.json", "larger than the 65536 bytes"),
    "longer-object": ("answer", HEAD + b"Content-Length: 9223372036854775807\r\n\r\n" + BLOCK * 4, "streamd.json", "larger than"),
    "bomb": ("answer", HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00", "streamd.json", "streamd.json"),
    "more-than-asked": ("answer", b"HTTP/1.1 206 Part\r\nContent-Range: bytes 0-99/100\r\nContent-Length: 9000000\r\n\r\n" + BLOCK * 100,
                        ".snap", ".snap"),
}


def test_an_s3_store(folder):
    another = s3_scene(folder)

    def attempt(name):
        kind, value, part, words = S3[name]
        way, installation, database = another(name)
        fault = way.spoil(kind, value, method="GET", part=part, times=1 << 30)
        out = os.path.join(folder, name, "out.db")
        code, text, memory = restore(installation, database, out)
        assert code not in (0, -6, -11) and words in text and fault.struck, (name, code, text)
        assert memory < MUCH, (name, memory >> 20, text)
        assert not os.path.exists(out), name
        return name, code, memory >> 20

    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for outcome in pool.map(attempt, S3):
            print(*outcome, flush=True)
    assert time.monotonic() - began < 2 * LONG
    way, installation, database = another("honest")  # the control: nothing was wrong but the answers
    assert restore(installation, database, os.path.join(folder, "honest", "out.db"))[0] == 0 and way.requests


def test_names_that_lead_elsewhere(folder):
    """In a listing. What is no name of ours is left alone, whatever it looks like."""
    server = FakeS3("aws")
    scene = Scene(os.path.join(folder, "machine"), server)
    scene.installation.run_once("--once").expect(0)
    generation = next(key for key in scene.bucket.objects if "/generations/" in key).split("/")[2]
    inside = f"app/generations/{generation}"
    strange = ["app/../../../etc/x", "app//etc/passwd", "app/generations/../../x.snap", f"{inside}/segments/../../../../x",
               f"{inside.upper()}/segments/0/x", "app/generations/" + "f" * 800, f"{inside}/segments/0/%00", f"{inside}/\x7f\n",
               f"{inside}/snapshots/{'0' * 40}.snap", f"{inside}/segments/99999/x", f"{inside}/keys/..", "app/streamd.json/../x"]
    one = next(iter(scene.bucket.objects.values()))
    scene.bucket.objects.update({key: one for key in strange})
    before = tree(folder)
    scene.restores += 1
    scene.installation.restore(scene.database, scene.out()).expect(0)
    scene.restored()
    made = {name for name in tree(folder) - before if not name.endswith(("-wal", "-shm"))}  # by who looked at it
    assert made == {os.path.relpath(scene.out(), folder)}, made
    for words in (["verify", "--deep"], ["prune"], ["generations"], ["timeline"]):
        scene.installation.streamctl(words[0], scene.database.path, *words[1:])
    scene.installation.start()
    scene.writer.transactions(5)
    scene.sync()
    scene.installation.streamctl("compact", scene.database.path)
    copy = os.path.join(scene.folder, "restored-copy.db")
    follower = Child([case.program("streamctl"), "restore", scene.database.path, "-o", copy, "--follow"], copy + ".log",
                     {"STREAMD_CONFIG": scene.installation.config})
    wait_until(lambda: os.path.exists(copy + "-follow"), "a copy", progress=follower.output)
    assert follower.terminate() == 0, follower.output()
    scene.installation.stop()
    assert set(strange) <= scene.bucket.objects.keys()  # not ours to remove
    elsewhere = [name for name in tree(folder) - before
                 if not name.startswith(("machine/restored-", "machine/streamd-", "machine/.app.db-streamd", "machine/.restored-"))]
    assert not elsewhere, elsewhere


def tree(folder):
    return {os.path.relpath(os.path.join(place, name), folder) for place, _, names in os.walk(folder) for name in names}


def test_a_b2_store(folder):
    store = B2(folder)
    home = os.path.join(folder, "machine")
    os.mkdir(home)
    way = HttpFaults(store.fake.port)
    store.fake.public_endpoint = way.endpoint
    replica = {"name": "offsite", "driver": "b2", "path": "app", **store.options()}
    database = Database(os.path.join(home, "app.db"), [replica])
    Writer(database.path).transactions(3)
    installation = Installation(home, [database])
    installation.run_once("--once").expect(0)
    listed = "b2_list_file_names"
    empty = lambda n: whole(b'{"files": [], "nextFileName": "app/%06d"}' % n)
    cases = (("answer", Pages(lambda _: whole(b'{"files": [], "nextFileName": "app/a"}')), listed, "repeats a page"),
             ("answer", Pages(empty), listed, "repeats a page"),
             ("answer", whole(b"[" * 7_000_000), listed, "no list"),
             ("endless", (HEAD + b"\r\n{", BLOCK), listed, "response is too long"),
             ("endless", (HEAD, b"X-Much: " + b"y" * 1000 + b"\r\n"), "streamd.json", "headers are too long"))
    for number, (kind, value, part, words) in enumerate(cases):
        way.faults.clear()
        fault = way.spoil(kind, value, part=part, times=1 << 30)
        code, text, memory = restore(installation, database, os.path.join(folder, "out.db"))
        assert code not in (0, -6, -11) and words in text and fault.struck, (number, code, text)
        print(number, code, memory >> 20, flush=True)
        assert memory < MUCH and not os.path.exists(os.path.join(folder, "out.db")), (number, memory >> 20)
    way.faults.clear()
    assert restore(installation, database, os.path.join(folder, "out.db"))[0] == 0


if __name__ == "__main__":
    case.run(globals())
