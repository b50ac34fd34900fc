"""One request: who asks, what for, and the answer."""
import http.server
import json
import re
import socket
import urllib.parse

from support.fake_b2 import calls, names, replies
from support.fake_b2.errors import B2Error

API = re.compile(r"/b2api/v([1-4])/(b2_[a-z_]+)(/.*)?")
RANGE = re.compile(r"bytes=(\d*)-(\d*)")
NO_CACHE = {"Cache-Control": "max-age=0, no-cache, no-store"}


class Cut(Exception):
    """The connection ends without an answer."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    version = 0  # of the API

    def log_message(self, *_):
        pass

    @property
    def fake(self):
        return self.server.fake

    @property
    def store(self):
        return self.fake.store

    @property
    def uploads(self):
        return self.fake.uploads

    def do_GET(self):
        self._answer()

    do_POST = do_HEAD = do_GET

    def _answer(self):
        self._unread = int(self.headers.get("Content-Length") or 0)
        try:
            self._route()
        except B2Error as error:
            self._refuse(error)
        except Cut:
            self._hang_up()

    def _route(self):
        path, _, query = self.path.partition("?")
        api = API.fullmatch(path)
        if path.startswith("/file/"):
            return self._download(path, query)
        if not api:
            raise B2Error(404, "not_found", f"Invalid URL: {path}")
        self.version, name = int(api[1]), api[2]
        self.fake.count(name)
        if name == "b2_download_file_by_id":
            return self._download(path, query)
        if name in ("b2_upload_file", "b2_upload_part"):
            return self._upload(path, name)
        fault = self._fault(name)
        if name == "b2_authorize_account":
            self._body()
            key, token = self.fake.keys.authorize(self.headers.get("Authorization"), self.version)
            return self._reply(replies.authorized(self.version, self.store, key, token, self.fake.endpoint))
        if name not in calls.CALLS or api[3]:
            raise B2Error(400, "bad_request", f"unknown call {name}")
        key = self._key(name)
        key.may(calls.CALLS[name][1])
        given = calls.checked(name, self._arguments(query))
        answer = calls.CALLS[name][0](self, key, given)
        if fault and fault.cut == "after":
            raise Cut
        return self._reply(answer)

    def _fault(self, call):
        """Raises what is planned for this call; returns what is left to do after it."""
        fault = self.fake.faults.take(call)
        if fault and fault.status:
            raise fault.error()
        if fault and fault.cut == "before":
            raise Cut
        asked = self.fake.faults.mode(self.headers.get("X-Bz-Test-Mode"), call)
        if asked == "expire":
            self.fake.keys.expire_tokens(self.headers.get("Authorization"))
        elif asked:
            raise asked
        return fault

    def _key(self, call):
        if self.command == "GET" and self.version == 1:
            raise B2Error(405, "method_not_allowed", f"{call} is asked with POST")
        return self.fake.keys.key_of(self.headers.get("Authorization"))

    def _arguments(self, query):
        if self.command == "GET":
            given = dict(urllib.parse.parse_qsl(query))
            return {name: int(value) if name.startswith("max") else value for name, value in given.items()}
        try:
            given = json.loads(self._body().decode("utf-8") or "{}")
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise B2Error(400, "bad_json", "the request is no JSON object")
        return given

    def _body(self):
        length, self._unread = self._unread, 0
        body = self.rfile.read(length)
        if len(body) < length:
            raise Cut
        return body

    # -- uploads

    def _upload(self, path, name):
        target = self.uploads.take(path, self.headers.get("Authorization"))
        try:
            if target.broken:
                raise target.broken
            fault = self._fault(name)
            self._unread = self.uploads.length(self.headers)
            answer = self.uploads.store(target, self.headers, self._body())
        except B2Error as error:
            if error.lasting and (error.status == 408 or error.status >= 500):
                target.broken = error
            raise
        except Cut:
            target.broken = B2Error(503, "service_unavailable", "this pod is gone")
            raise
        finally:
            self.uploads.give_back(target)
        if fault and fault.cut == "after":
            raise Cut
        self._reply(answer)

    # -- downloads

    def _download(self, path, query):
        self.fake.count("download")
        fault = self._fault("download")
        version, bucket = self._wanted(path, query)
        if bucket.kind != "allPublic":
            key = self.fake.keys.key_of(self.headers.get("Authorization"))
            key.may("readFiles")
            key.may_use_bucket(bucket.id)
            if version:
                key.may_use_name(version.name)
        if version is None:
            raise B2Error(404, "not_found", f"File with such name does not exist: {path}")
        begin, end, status = self._range(version.size)
        headers = {**replies.download_headers(version), "Content-Length": str(end - begin)}
        if status == 206:
            headers["Content-Range"] = f"bytes {begin}-{end - 1}/{version.size}"
        self._head(status, headers)
        if self.command == "HEAD":
            return
        limit = fault.cut if fault and isinstance(fault.cut, int) else None
        for piece in version.read(begin, end):
            if limit is not None and limit < len(piece):
                self.wfile.write(piece[:limit])
                raise Cut
            limit = limit - len(piece) if limit is not None else None
            self.wfile.write(piece)

    def _wanted(self, path, query):
        """(version or None, bucket)"""
        if not path.startswith("/file/"):
            given = dict(urllib.parse.parse_qsl(query))
            try:
                version = self.store.version(given.get("fileId"), "upload")
            except B2Error:
                raise B2Error(404, "not_found", "File not present") from None
            return version, self.store.bucket(version.bucket_id)
        bucket_name, _, name = path[len("/file/"):].partition("/")
        bucket = self.store.bucket_named(bucket_name)
        return self.store.visible(bucket.id, names.check(names.decode(name), self.store.strict_names)), bucket

    def _range(self, size):
        """(begin, end, status)"""
        asked = RANGE.fullmatch(self.headers.get("Range") or "")
        if not asked or asked[0] == "bytes=-":
            return 0, size, 200
        if not asked[1]:
            begin, end = max(size - int(asked[2]), 0), size
        else:
            begin, end = int(asked[1]), min(int(asked[2]) + 1, size) if asked[2] else size
        if begin >= size or begin >= end:
            raise B2Error(416, "range_not_satisfiable", "The range in the request is outside the size of the file")
        return begin, end, 206

    # -- answers

    def _head(self, status, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _reply(self, answer):
        self._send_json(200, answer, {})

    def _send_json(self, status, answer, headers):
        body = json.dumps(answer, sort_keys=True, indent=2).encode()
        self._head(status, {**NO_CACHE, "Content-Type": "application/json;charset=UTF-8",
                            "Content-Length": str(len(body)), **headers})
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _refuse(self, error):
        """The answer goes out before the rest of the request is read; then the connection ends."""
        headers = {"Connection": "close"}
        if error.retry_after is not None:
            headers["Retry-After"] = str(error.retry_after)
        if error.status == 401 and error.code == "bad_auth_token" and "b2_authorize_account" in self.path:
            headers["WWW-Authenticate"] = 'BASIC realm="authorize_account"'
        self._send_json(error.status, {"code": error.code, "message": error.message, "status": error.status}, headers)
        self._hang_up()

    def _hang_up(self):
        """A close with unread bytes would be a reset, which may overtake the answer."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(5)
        try:
            while self._unread > 0 and (piece := self.connection.recv(min(self._unread, 1 << 16))):
                self._unread -= len(piece)
        except OSError:
            pass
