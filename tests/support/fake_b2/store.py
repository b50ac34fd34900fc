"""Buckets, versions of files and large files that are not finished. Any thread."""
import bisect
import dataclasses
import hashlib
import itertools
import threading
import time

from support.fake_b2 import names
from support.fake_b2.errors import B2Error, bad_request


@dataclasses.dataclass
class Bucket:
    id: str
    name: str
    kind: str = "allPrivate"
    info: dict = dataclasses.field(default_factory=dict)
    lifecycle: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Version:
    """One of a file: uploaded, hidden, or a large file begun (action "upload", "hide", "start")."""
    id: str
    name: str
    bucket_id: str
    action: str
    timestamp: int
    content_type: str = None
    info: dict = dataclasses.field(default_factory=dict)
    pieces: list = dataclasses.field(default_factory=list)  # the content
    sha1: str = None
    md5: str = None
    parts: dict = dataclasses.field(default_factory=dict)   # of a large file begun: number -> Part
    key: object = None                                      # of whom begun

    @property
    def size(self):
        return sum(len(piece) for piece in self.pieces)

    def read(self, begin, end):
        for piece in self.pieces:
            if begin < len(piece) and end > 0:
                yield memoryview(piece)[max(begin, 0):end]
            begin, end = begin - len(piece), end - len(piece)


@dataclasses.dataclass
class Part:
    number: int
    content: bytes
    sha1: str
    md5: str
    timestamp: int


class Store:
    def __init__(self, minimum_part=5_000_000, strict_names=False):
        self.minimum_part, self.strict_names = minimum_part, strict_names
        self.account_id = "a1b2c3d4e5f6"
        self.lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._last = 0
        self._buckets = {}
        self._files = {}   # bucket id -> name -> versions, newest first
        self._order = {}   # bucket id -> names in UTF-8, sorted
        self._by_id = {}

    # -- buckets

    def add_bucket(self, name, kind="allPrivate"):
        with self.lock:
            legal = 6 <= len(name) <= 63 and all(c.isascii() and (c.isalnum() or c in "-.") for c in name)
            if not legal or name.startswith("b2-"):
                raise bad_request(f"Invalid bucket name: {name}")
            if any(bucket.name == name for bucket in self._buckets.values()):
                raise B2Error(400, "duplicate_bucket_name", "Bucket name is already in use.")
            bucket = Bucket(f"{next(self._numbers):024x}", name, kind)
            self._buckets[bucket.id] = bucket
            self._files[bucket.id], self._order[bucket.id] = {}, []
            return bucket

    def buckets(self):
        return list(self._buckets.values())

    def bucket(self, bucket_id):
        if bucket_id not in self._buckets:
            raise B2Error(400, "bad_bucket_id", f"Bucket {bucket_id} does not exist")
        return self._buckets[bucket_id]

    def bucket_named(self, name):
        for bucket in self._buckets.values():
            if bucket.name == name:
                return bucket
        raise B2Error(404, "not_found", f"Bucket {name} does not exist")

    def remove_bucket(self, bucket_id):
        with self.lock:
            bucket = self.bucket(bucket_id)
            if self._files[bucket_id]:
                raise B2Error(400, "cannot_delete_non_empty_bucket", "Cannot delete a bucket that has files")
            for table in (self._buckets, self._files, self._order):
                del table[bucket_id]
            return bucket

    # -- versions

    def add(self, bucket_id, name, action, **more):
        with self.lock:
            self.bucket(bucket_id)
            names.check(name, self.strict_names)
            self._last = max(self._last + 1, int(time.time() * 1000))
            number = next(self._numbers)
            day = time.strftime("_d%Y%m%d_m%H%M%S", time.gmtime(self._last // 1000))
            kind = "2" if action == "start" else "1"
            version = Version(f"4_z{bucket_id}_f{kind}{number:015x}{day}_c002_v0001110_t{number % 60:04d}", name, bucket_id,
                              action, self._last, **more)
            self._insert(version)
            return version

    def _insert(self, version):
        files = self._files[version.bucket_id]
        if version.name not in files:
            bisect.insort(self._order[version.bucket_id], version.name.encode())
        versions = files.setdefault(version.name, [])
        versions.append(version)
        versions.sort(key=lambda one: -one.timestamp)
        self._by_id[version.id] = version

    def version(self, file_id, action=None):
        with self.lock:
            found = self._by_id.get(file_id)
            if found is None or (action and found.action != action):
                raise bad_request(f"Invalid fileId: {file_id}")
            return found

    def drop(self, version):
        with self.lock:
            files, order = self._files[version.bucket_id], self._order[version.bucket_id]
            del self._by_id[version.id]
            files[version.name].remove(version)
            if not files[version.name]:
                del files[version.name]
                del order[bisect.bisect_left(order, version.name.encode())]

    def finish(self, version, sha1s):
        """A large file begun becomes one that is there. Its place among the versions is that of when it was begun."""
        with self.lock:
            count = len(version.parts)
            if not sha1s or sorted(version.parts) != list(range(1, count + 1)) or len(sha1s) != count:
                raise B2Error(400, "missing_part", f"Parts {sorted(version.parts)} were sent, {len(sha1s)} were named")
            parts = [version.parts[number] for number in range(1, count + 1)]
            if [part.sha1 for part in parts] != sha1s:
                raise B2Error(400, "part_sha1_mismatch", "A part does not have the SHA1 that was named")
            if any(len(part.content) < self.minimum_part for part in parts[:-1]):
                raise bad_request("Part sizes: each but the last must be at least the minimum")
            self.drop(version)
            version.pieces, version.parts, version.action, version.sha1 = [p.content for p in parts], {}, "upload", "none"
            self._insert(version)
            return version

    def visible(self, bucket_id, name):
        """The version that a reader of the name gets, or None."""
        with self.lock:
            for version in self._files[bucket_id].get(name, []):
                if version.action != "start":
                    return version if version.action == "upload" else None
            return None

    def names_from(self, bucket_id, first, prefix):
        """Names of the bucket from `first` on (inclusive) that have the prefix, in order."""
        order = self._order[bucket_id]
        begin = bisect.bisect_left(order, max(first.encode(), prefix.encode()))
        for at in range(begin, len(order)):
            if not order[at].startswith(prefix.encode()):
                return
            yield order[at].decode()

    def versions(self, bucket_id, name):
        return list(self._files[bucket_id].get(name, []))

    def unfinished(self, bucket_id):
        with self.lock:
            return sorted((v for v in self._by_id.values() if v.bucket_id == bucket_id and v.action == "start"),
                          key=lambda version: version.id)

    # -- for tests

    def everything(self, bucket):
        """name -> actions of its versions, newest first."""
        with self.lock:
            files = self._files[self.bucket_named(bucket).id]
            return {name: [version.action for version in versions] for name, versions in files.items()}


def digests(content):
    return hashlib.sha1(content).hexdigest(), hashlib.md5(content).hexdigest()
