"""What lies in a bucket: objects and uploads of parts, in memory."""
import dataclasses
import hashlib
import secrets
import time

from support.fake_s3.answers import Refused

SMALLEST_PART = 5 << 20


@dataclasses.dataclass
class Stored:
    body: bytes
    etag: str
    time: float = dataclasses.field(default_factory=time.time)


@dataclasses.dataclass
class Upload:
    key: str
    time: float
    parts: dict = dataclasses.field(default_factory=dict)  # number: Stored
    running: int = 0  # parts that are on their way at this moment


class Bucket:
    """Not for several threads at once: the server holds its lock."""

    def __init__(self, dialect):
        self.dialect = dialect
        self.objects = {}
        self.uploads = {}
        self.retention = False  # a default one, by object lock: nothing is stored without Content-MD5

    def put(self, key, body):
        self.objects[key] = Stored(body, hashlib.md5(body).hexdigest())
        return self.objects[key]

    def get(self, key):
        if key not in self.objects:
            raise Refused(404, "NoSuchKey", "The specified key does not exist.", {"Key": key})
        return self.objects[key]

    def begin(self, key):
        identity = secrets.token_hex(16)
        self.uploads[identity] = Upload(key, time.time())
        return identity

    def upload(self, key, identity):
        found = self.uploads.get(identity)
        if found is None or found.key != key:
            raise Refused(404, "NoSuchUpload", "The specified upload does not exist.")
        return found

    def put_part(self, key, identity, number, body):
        if not 1 <= number <= 10_000:
            raise Refused(400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
        etag = hashlib.md5(body).hexdigest() if self.dialect.md5_of_parts else secrets.token_hex(32)
        part = Stored(body, etag)
        self.upload(key, identity).parts[number] = part
        return part

    def complete(self, key, identity, named):
        """`named`: (number, etag) in the order of the request."""
        upload = self.upload(key, identity)
        if not named or [number for number, _ in named] != sorted({number for number, _ in named}):
            raise Refused(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
        for number, etag in named:
            if number not in upload.parts or upload.parts[number].etag != etag.strip('"'):
                raise Refused(400, "InvalidPart", "One or more of the specified parts could not be found.")
        parts = [upload.parts[number] for number, _ in named]
        if any(len(part.body) < SMALLEST_PART for part in parts[:-1]):
            raise Refused(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed object size.")
        sizes = [len(part.body) for part in parts]
        if self.dialect.equal_parts and (len(set(sizes[:-1])) > 1 or sizes[-1] > sizes[0]):
            raise Refused(400, "InvalidPart", "All non-trailing parts must have the same length.")
        digests = b"".join(hashlib.md5(part.body).digest() for part in parts)
        body = b"".join(part.body for part in parts)
        self.objects[key] = Stored(body, f"{hashlib.md5(digests).hexdigest()}-{len(parts)}")
        del self.uploads[identity]
        return self.objects[key]
