"""The server: HTTP on loopback, in threads of the test's own process."""
import collections
import dataclasses
import http.server
import itertools
import socket
import ssl
import threading
import time
import urllib.parse

from support.fake_s3 import operations, signature
from support.fake_s3.answers import Answer, Refused, document
from support.fake_s3.bucket import Bucket
from support.fake_s3.dialect import DIALECTS


@dataclasses.dataclass
class Request:
    method: str
    raw_path: str
    raw_query: str
    headers: dict  # names in small letters
    body: bytes
    bucket: str = ""
    key: str = ""

    def header(self, name):
        return self.headers.get(name, "")

    @property
    def query(self):
        return dict(urllib.parse.parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def kind(self):
        """"list", "put", "get", ...: what a price list would call it."""
        if not self.bucket:
            return "list_buckets"
        return "make_bucket" if self.method == "PUT" and not self.key else operations.find(self).__name__


class FakeS3:
    """A server with one key that may do all, and as many buckets as are asked for.

    requests     every request that was let in, in order (Request without its body)
    refuse       a function (Request) -> Refused or None, asked before anything else happens
    forbidden    kinds of requests that the key may not make: {"delete_object"}
    per_second   more requests than this within a second are answered 503 SlowDown; 0 = no limit
    clock_offset seconds that this server's clock is ahead
    """

    secret = "0123456789abcdef0123456789abcdefsecret"

    def __init__(self, dialect="aws", host="127.0.0.1", certificates=None, port=0, base="s3.localhost"):
        self.dialect = DIALECTS[dialect] if isinstance(dialect, str) else dialect
        self.key = "0123456789abcdef0123456789abcdef"[:self.dialect.key_id_length or 20]
        self.region = self.dialect.regions[0]
        self.host, self.base, self.certificates = host, base, certificates
        self.ca_file = certificates.ca_file if certificates else ""
        self.buckets, self.requests, self.refuse = {}, [], None
        self.forbidden, self.per_second, self.clock_offset = set(), 0, 0
        self.lock = threading.RLock()
        self._recent = collections.deque()
        self._ids = itertools.count(1)
        self._listener = Listener((host, port), self)
        if certificates:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificates.certificate, certificates.key)
            self._listener.socket = context.wrap_socket(self._listener.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._listener.server_port
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def endpoint(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.certificates else 'http'}://{host}:{self.port}"

    def options(self, bucket, **more):
        """The options of a driver for a bucket here."""
        found = {"bucket": bucket, "endpoint": self.endpoint, "region": self.region, "access-key-id": self.key,
                 "secret-access-key": self.secret, **more}
        if self.dialect.name == "r2":
            del found["region"]
        return {**found, "ca-file": self.ca_file} if self.ca_file else found

    def make_bucket(self, name):
        return self.buckets.setdefault(name, Bucket(self.dialect))

    def counts(self):
        """How many requests of each kind there were."""
        with self.lock:
            return collections.Counter(request.kind for request in self.requests)

    def stop(self):
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()

    def now(self):
        return time.time() + self.clock_offset

    def serve(self, request):
        """(Answer, request id)"""
        identity = f"tx{next(self._ids):06d}"
        try:
            with self.lock:
                self._find_bucket(request)
                self.requests.append(dataclasses.replace(request, body=b""))
                self._throttle()
                refused = self.refuse(request) if self.refuse else None
            if refused is not None:
                raise refused
            signature.verify(request, self.dialect, {self.key: self.secret}, self.now())
            return self._carry_out(request), identity
        except Refused as refused:
            return refused.answer(identity), identity

    def _find_bucket(self, request):
        path = urllib.parse.unquote(request.raw_path)[1:]
        name = request.header("host").rpartition(":")[0] or request.header("host")
        if name.endswith("." + self.base):
            request.bucket, request.key = name[:-len(self.base) - 1], path
        else:
            request.bucket, _, request.key = path.partition("/")

    def _throttle(self):
        now = time.monotonic()
        self._recent.append(now)
        while self._recent[0] < now - 1:
            self._recent.popleft()
        if self.per_second and len(self._recent) > self.per_second:
            raise Refused(503, "SlowDown", "Please reduce your request rate.")

    def _carry_out(self, request):
        strange = [name for name in request.headers if name.startswith(self.dialect.refused_headers or ("\0",))]
        if strange:
            raise Refused(501, "NotImplemented", f"Unsupported header '{strange[0]}' received for this API call.")
        if request.method in ("PUT", "POST") and "content-length" not in request.headers:
            raise Refused(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        if request.kind in self.forbidden:
            raise Refused(403, "AccessDenied", "Access Denied")
        if not request.bucket:
            inner = "".join(f"<Bucket><Name>{name}</Name></Bucket>" for name in self.buckets)
            return document("ListAllMyBucketsResult", f"<Buckets>{inner}</Buckets>")
        if request.method == "PUT" and not request.key:
            self.make_bucket(request.bucket)
            return Answer()
        bucket = self.buckets.get(request.bucket)
        if bucket is None:
            raise Refused(404, "NoSuchBucket", "The specified bucket does not exist", {"BucketName": request.bucket})
        with self._one_more_part(bucket, request), self.lock:
            return operations.find(request)(bucket, request)

    def _one_more_part(self, bucket, request):
        return PartOnItsWay(self, bucket.uploads.get(request.query.get("uploadId", ""))
                            if request.method == "PUT" else None)


class PartOnItsWay:
    """Counts the parts of an upload that are being sent at the same time."""

    def __init__(self, server, upload):
        self.server, self.upload = server, upload

    def __enter__(self):
        if self.upload is None:
            return
        with self.server.lock:
            self.upload.running += 1
        most = self.server.dialect.parts_at_once
        if most:
            time.sleep(0.01)  # so that those meet that are sent together
            if self.upload.running > most:
                self.__exit__()
                raise Refused(500, "InternalError", "We encountered an internal error. Please try again.")

    def __exit__(self, *_):
        if self.upload is not None:
            with self.server.lock:
                self.upload.running -= 1


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, server):
        self.fake = server
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, Handler)

    def handle_error(self, request, client_address):
        """A client that goes away in the middle is no news."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    rbufsize = 1 << 18

    def log_message(self, *_):
        pass

    def answer(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        length = int(headers.get("content-length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        chunked = "transfer-encoding" in headers
        reply, identity = self.server.fake.serve(Request(self.command, path, query, headers, body))
        lines = {"Content-Length": len(reply.body), "x-amz-request-id": identity,
                 "Date": operations.http_date(self.server.fake.now()), "Server": "fake-s3", **reply.headers}
        if reply.status == 204:
            del lines["Content-Length"]
        if chunked:
            lines["Connection"] = "close"
            self.close_connection = True
        phrase = self.responses.get(reply.status, ("",))[0]
        head = f"HTTP/1.1 {reply.status} {phrase}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.wfile.write(head.encode() + b"\r\n" + (b"" if self.command == "HEAD" else reply.body))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer
