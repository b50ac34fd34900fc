"""HTTP from both ends: the daemon's answers, and an address that writes down who asks it."""
import http.server
import json
import re
import socket
import threading
import urllib.error
import urllib.request

from harness.waiting import wait_until

ANY_PORT = {"http": "127.0.0.1:0"}  # for [streamd]


def address_of(installation):
    """Where the daemon answers HTTP, without a slash at the end."""
    log = installation.daemon.output
    return wait_until(lambda: re.search(r"status page address=(http://\S+)/", log()), "the status page").group(1)


def get(url, headers=None, method="GET"):
    """(status, headers, body as text), whatever the status is."""
    request = urllib.request.Request(url, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, reply.headers, reply.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read().decode()


def get_json(url, headers=None):
    status, _, body = get(url, headers)
    return status, json.loads(body)


def raw(url, data, patience=30):
    """Sends bytes and returns all that comes back until the other end closes."""
    host, port = re.match(r"http://\[?([^\]]+)\]?:(\d+)", url).groups()
    with socket.create_connection((host, int(port)), timeout=patience) as client:
        client.sendall(data)
        answer = b""
        while block := client.recv(65536):
            answer += block
    return answer


def samples(text):
    """{(name, ((label, value), ...)): number} of Prometheus' text format; what is not of it is an error."""
    found, families = {}, set()
    line_of = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)')
    label_of = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
    for line in text.splitlines():
        if line.startswith("#"):
            _, kind, name, rest = line.split(" ", 3)
            assert kind in ("HELP", "TYPE") and rest, line
            if kind == "HELP":
                assert name not in families, f"{name} has two families"
                families.add(name)
            continue
        name, labels, value = line_of.fullmatch(line).groups()
        assert "".join(match.group(0) for match in label_of.finditer(labels or "")) == (labels or ""), line
        key = (name, tuple(label_of.findall(labels or "")))
        assert key not in found, f"twice: {line}"
        assert name in families or re.sub("_(bucket|sum|count)$", "", name) in families, line
        found[key] = float(value)
    return found


class Receiver:
    """A web address that answers with `status` and keeps (method, path, body as text) of each request."""

    def __init__(self, status=200):
        self.status, self.requests = status, []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                receiver.requests.append((self.command, self.path, body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = handle_any

            def log_message(self, *arguments):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def paths(self):
        return [path for _, path, _ in self.requests]

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self._server.shutdown()
        self._server.server_close()
