"""Application keys, what they may do, and the tokens they are traded for."""
import base64
import binascii
import dataclasses
import itertools
import threading
import time

from support.fake_b2.errors import B2Error, bad_request, unauthorized

CAPABILITIES = ("listKeys", "writeKeys", "deleteKeys", "listBuckets", "writeBuckets", "deleteBuckets", "listFiles",
                "readFiles", "shareFiles", "writeFiles", "deleteFiles")
TOKEN_SECONDS = 24 * 3600


@dataclasses.dataclass
class Key:
    id: str
    secret: str
    capabilities: tuple
    bucket_ids: tuple = ()   # () = all
    prefix: str = ""         # "" = all names
    version: int = 1         # of the API that it needs at least

    def may(self, capability):
        if capability not in self.capabilities:
            raise unauthorized()

    def may_use_bucket(self, bucket_id):
        if self.bucket_ids and bucket_id not in self.bucket_ids:
            raise unauthorized()

    def may_use_name(self, name):
        if not name.startswith(self.prefix):
            raise unauthorized()


class Keys:
    def __init__(self, store):
        self._store = store
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._keys = {}
        self._tokens = {}  # token -> (key, expires)
        self.master = self.add(CAPABILITIES)

    def add(self, capabilities=CAPABILITIES, bucket=None, prefix="", key_id=None, secret=None):
        """A new key; `bucket` is a name, or a list of names, which makes a key of the kind that only v4 knows (also with one)."""
        names = [bucket] if isinstance(bucket, str) else bucket or []
        number = next(self._numbers)
        key = Key(key_id or f"005a1b2c3d4e5f6{number:010d}", secret or f"K005secret/of+key{number:04d}", tuple(capabilities),
                  tuple(self._store.bucket_named(name).id for name in names), prefix,
                  4 if isinstance(bucket, list) else 1)
        self._keys[key.id] = key
        return key

    def remove(self, key):
        """As if it was deleted at the vendor's: its tokens die with it."""
        with self._lock:
            del self._keys[key.id]
            self._tokens = {token: held for token, held in self._tokens.items() if held[0] is not key}

    def authorize(self, header, version):
        """(key, token) for a header Authorization with id and secret, in a version of the API."""
        scheme, _, text = (header or "").partition(" ")
        try:
            key_id, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            key_id = secret = ""
        key = self._keys.get(key_id)
        if scheme.lower() != "basic" or key is None or key.secret != secret:
            raise B2Error(401, "bad_auth_token", "")
        if version < key.version:
            raise bad_request(f"This request is not currently supported on API version number {version}")
        with self._lock:
            token = f"4_{key.id}_{next(self._numbers):08d}_acct_fake="
            self._tokens[token] = (key, time.monotonic() + TOKEN_SECONDS)
        return key, token

    def key_of(self, token):
        with self._lock:
            held = self._tokens.get(token)
        if held is None:
            raise B2Error(401, "bad_auth_token", "Invalid authorization token")
        if held[1] < time.monotonic():
            raise B2Error(401, "expired_auth_token", "Authorization token has expired")
        return held[0]

    def expire_tokens(self, only=None):
        """All that were given out, or one, are too old from now on."""
        with self._lock:
            for token in self._tokens if only is None else [only]:
                if token in self._tokens:
                    self._tokens[token] = (self._tokens[token][0], 0.0)
