"""A way to an HTTP server that understands what goes through it: it counts, and spoils what a test picks."""
import contextlib
import dataclasses
import http.server
import socket
import threading
import time
import typing


def xml_answer(status, code, **headers):
    """An S3 server's error, as bytes on the wire."""
    body = f"<Error><Code>{code}</Code><Message>spoilt by the test</Message></Error>"
    lines = {"Content-Type": "application/xml", "Content-Length": len(body), **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Spoilt\r\n{head}\r\n{body}".encode()


@dataclasses.dataclass
class Fault:
    """kind and value:
    "answer" bytes       this instead of asking the server; or what a function makes of (method, target)
    "endless" (b, b)     a beginning, then the same again and again until the client goes away
    "lose" None          the server is asked, its answer never comes: the connection is closed
    "truncate" N         the body of the answer ends after N bytes, with the connection
    "drip" (N, seconds)  the body of the answer comes N bytes at a time, with a pause between
    "delay" seconds      the server is asked later
    "etag" text          the answer has another ETag
    """
    kind: str
    value: typing.Any
    when: typing.Callable  # (method, target) -> bool
    times: int
    struck: int = 0


class HttpFaults:
    """`port` leads to `server_port`. `requests` are (method, target), in order. Faults strike in the order of spoil()."""

    def __init__(self, server_port, host="127.0.0.1"):
        self.server = (host, server_port)
        self.requests, self.faults = [], []
        self.lock = threading.Lock()
        self._listener = Listener(("127.0.0.1", 0), Handler)
        self._listener.way = self
        self.port = self._listener.server_port
        threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def spoil(self, kind, value=None, method=None, part="", times=1):
        """The next `times` requests with this method and with `part` in their target."""
        fault = Fault(kind, value, lambda verb, target: method in (None, verb) and part in target, times)
        with self.lock:
            self.faults.append(fault)
        return fault

    def close(self):
        self._listener.shutdown()
        self._listener.server_close()

    def pick(self, method, target):
        with self.lock:
            self.requests.append((method, target))
            for fault in self.faults:
                if fault.struck < fault.times and fault.when(method, target):
                    fault.struck += 1
                    return fault
        return Fault("none", None, None, 0)


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Whoever goes away in the middle is no news."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def carry(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.way.pick(self.command, self.path)
        if fault.kind == "answer":
            self.wfile.write(fault.value(self.command, self.path) if callable(fault.value) else fault.value)
            return
        if fault.kind == "endless":
            self.close_connection = True
            self.wfile.write(fault.value[0])
            while True:
                self.wfile.write(fault.value[1])
        if fault.kind == "delay":
            time.sleep(fault.value)
        head, content = self.ask(body)
        self.close_connection = True
        if fault.kind == "lose":
            return
        if fault.kind == "etag":
            head = b"\r\n".join(b'ETag: "' + fault.value.encode() + b'"' if line.lower().startswith(b"etag:") else line
                                for line in head.split(b"\r\n"))
        self.wfile.write(head + b"\r\n\r\n")
        if fault.kind == "truncate":
            content = content[:fault.value]
        if fault.kind == "drip":
            for at in range(0, len(content), fault.value[0]):
                self.wfile.write(content[at:at + fault.value[0]])
                time.sleep(fault.value[1])
            return
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = carry

    def ask(self, body):
        """(head, body) of the server's answer."""
        lines = [f"{self.command} {self.path} HTTP/1.1"] + [f"{name}: {value}" for name, value in self.headers.items()
                                                            if name.lower() != "connection"]
        with socket.create_connection(self.server.way.server) as server:
            with contextlib.suppress(OSError):
                server.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body)
            answer = b"".join(iter(lambda: server.recv(1 << 18), b""))
        head, _, content = answer.partition(b"\r\n\r\n")
        return head, content
