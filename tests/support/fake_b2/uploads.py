"""Upload URLs: one upload at a time each, of no more use once one failed."""
import dataclasses
import itertools
import re
import threading
import time

from support.fake_b2 import names, replies
from support.fake_b2.errors import B2Error, bad_request
from support.fake_b2.store import Part, digests

LARGEST = 5_000_000_000
NEVER = ("content-disposition", "content-encoding", "content-language", "content-range", "expires")
HEX = re.compile("[0-9a-f]{40}")


@dataclasses.dataclass
class Target:
    call: str          # b2_upload_file or b2_upload_part
    goal: str          # id of the bucket, or of the large file
    key: object
    path: str
    token: str
    busy: bool = False
    broken: bool = False   # answers what it answered when it broke


class Uploads:
    def __init__(self, store, url):
        self._store, self._url = store, url
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._targets = {}
        self.given = 0
        self.most_at_once = 0
        self.expired = set()

    def give(self, key, call, goal, version):
        with self._lock:
            number = next(self._numbers)
            path = f"/b2api/v{version}/{call}/{goal}/c002_v0001110_t{number:04d}"
            self._targets[path] = Target(call, goal, key, path, f"4_{goal[-12:]}_{number:08d}_upld_fake=")
            self.given += 1
            return {"uploadUrl": self._url() + path, "authorizationToken": self._targets[path].token}

    def expire(self):
        """All upload URLs given out so far are too old."""
        with self._lock:
            self.expired |= {target.token for target in self._targets.values()}

    def take(self, path, token):
        """The target of a URL, reserved for this upload."""
        with self._lock:
            target = self._targets.get(path)
            if target is None or target.token != token:
                raise B2Error(401, "bad_auth_token", "Invalid upload authorization token")
            if token in self.expired:
                raise B2Error(401, "expired_auth_token", "Upload authorization token has expired")
            if target.busy:
                raise B2Error(400, "auth_token_limit", f"More than one upload using auth token {token}")
            target.busy = True
            self.most_at_once = max(self.most_at_once, sum(one.busy for one in self._targets.values()))
            return target

    def give_back(self, target):
        with self._lock:
            target.busy = False

    def store(self, target, headers, content):
        """What the upload of `content` (as sent) answers."""
        content = self._verified(headers.get("X-Bz-Content-Sha1"), content)
        if target.call == "b2_upload_part":
            return self._part(target, headers, content)
        return self._file(target, headers, content)

    @staticmethod
    def _verified(said, content):
        """(bytes, sha1 to be stored)"""
        if said is None:
            raise bad_request("Missing header: X-Bz-Content-Sha1")
        if said == "hex_digits_at_end":
            content, said = content[:-40], content[-40:].decode("latin-1")
        sha1 = digests(content)[0]
        if said == "do_not_verify":
            return content, "unverified:" + sha1
        if not HEX.fullmatch(said):
            raise bad_request(f"Not a valid hex SHA1: {said}")
        if said != sha1:
            raise bad_request("Sha1 did not match data received")
        return content, sha1

    def _file(self, target, headers, verified):
        content, sha1 = verified
        name = names.check(names.decode(self._needed(headers, "X-Bz-File-Name")), self._store.strict_names)
        target.key.may_use_name(name)
        kind = self._needed(headers, "Content-Type")
        info = {header[10:].lower(): names.decode(value) for header, value in headers.items()
                if header.lower().startswith("x-bz-info-")}
        if len(info) > 10:
            raise bad_request("More than 10 X-Bz-Info headers")
        if len(name.encode()) + sum(len(key) + len(value.encode()) for key, value in info.items()) > 7000:
            raise bad_request("Name and info are too long")
        version = self._store.add(target.goal, name, "upload", pieces=[content], sha1=sha1, md5=digests(content)[1], info=info,
                                  content_type="application/octet-stream" if kind == "b2/x-auto" else kind)
        return replies.file(self._store, version)

    def _part(self, target, headers, verified):
        content, sha1 = verified
        begun = self._store.version(target.goal, "start")
        number = self._needed(headers, "X-Bz-Part-Number")
        if not number.isdigit() or not 1 <= int(number) <= 10_000:
            raise bad_request("Part number must be in range 1 - 10000")
        if not content:
            raise bad_request("Part must not be empty")
        part = Part(int(number), content, sha1, digests(content)[1], int(time.time() * 1000))
        with self._store.lock:
            begun.parts[part.number] = part
        return replies.part(begun.id, part)

    @staticmethod
    def _needed(headers, name):
        if headers.get(name) is None:
            raise bad_request(f"Missing header: {name}")
        return headers[name]

    @staticmethod
    def length(headers):
        """Of the body, before it is read."""
        if headers.get("Transfer-Encoding"):
            raise bad_request("Transfer-Encoding is not supported")
        if headers.get("Content-Length") is None:
            raise B2Error(411, "length_required", "Content-Length is missing")
        for name in NEVER:
            if headers.get(name) is not None:
                raise bad_request(f"Header {name} is not allowed")
        length = int(headers["Content-Length"])
        at_end = 40 if headers.get("X-Bz-Content-Sha1") == "hex_digits_at_end" else 0
        if length < at_end or length - at_end > LARGEST:
            raise bad_request("Content-Length out of range")
        return length
