"""Clients of the control socket and of HTTP that mean harm: the daemon goes on replicating, in bounded memory, and answers
others meanwhile."""
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time

from harness import case, web
from harness.processes import peak_memory
from harness.users import User, need_root
from harness.waiting import wait_until
from end_to_end.installed import replicated

STRANGER = User(54321, 54321)


class Crowd:
    """Connections that send a byte of a request now and then, and come back when they are thrown out."""

    def __init__(self, connect, count, request=b"GET /v1/status HTTP/1.1\r\nX: " + b"y" * 4000):
        self.connect, self.request, self.stop = connect, request, threading.Event()
        self.threads = [threading.Thread(target=self.dawdle, daemon=True) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def dawdle(self):
        while not self.stop.is_set():
            with contextlib.suppress(OSError), self.connect() as client:
                for at in range(len(self.request)):
                    client.sendall(self.request[at:at + 1])
                    if self.stop.wait(1.0):
                        return
            self.stop.wait(0.2)

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def connections_to(installation, url):
    def unix():
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(10)
        client.connect(installation.control)
        return client
    host, port = "127.0.0.1", int(url.rsplit(":", 1)[1])
    return unix, lambda: socket.create_connection((host, port), timeout=10)


def started(folder, **streamd):
    installation, writer = replicated(folder, streamd={**web.ANY_PORT, **streamd})
    installation.start()
    return installation, writer, web.address_of(installation)


def answers(url):
    with contextlib.suppress(OSError):
        return web.get(url + "/healthz")[0] == 200
    return False


def test_slow_clients_keep_nobody_waiting(folder):
    installation, writer, url = started(folder)
    unix, tcp = connections_to(installation, url)
    path = installation.databases[0].path
    with Crowd(unix, 60), Crowd(tcp, 60):
        time.sleep(1.5)  # all places are taken
        for _ in range(3):
            began = time.monotonic()
            writer.transactions(2)
            wait_until(lambda: installation.streamctl("sync", path, "--wait", "--timeout", "20s").code == 0, "a sync", pause=0.1)
            wait_until(lambda: answers(url), "an answer", pause=0.1)
            assert time.monotonic() - began < 6, "others waited for those that dawdle"  # a request has 10 s
    assert peak_memory(installation.daemon.pid) < 250 << 20
    installation.stop()


def send_all(connect, data, patience=10):
    """What comes back until the other end closes; "" when it closes at once."""
    answer = b""
    with contextlib.suppress(OSError), connect() as client:
        client.settimeout(patience)
        with contextlib.suppress(OSError):
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        while block := client.recv(65536):
            answer += block
    return answer


GARBAGE = {
    "bytes": os.urandom(1 << 20),
    "zeros": bytes(1 << 20),
    "a line without an end": b"GET /" + b"a" * (4 << 20),
    "headers without an end": b"GET /healthz HTTP/1.1\r\n" + b"X-Header: y\r\n" * 200_000,
    "a header without an end": b"GET /healthz HTTP/1.1\r\nX: " + b"y" * (4 << 20),
    "a pipeline": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20_000,
    "a pipeline of garbage": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + b"\xff\x00\r\n\r\n" * 100_000,
    "a body without an end": b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"z" * (4 << 20),
    "an impossible length": b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n" + b"z" * (4 << 20),
    "a negative length": b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n" + b"z" * 65536,
    "an impossible chunk": b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc",
    "deep JSON": b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + b"[" * 60000,
    "a long query": b"GET /v1/status?database=" + b"x" * 15000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
}


def test_garbage(folder):
    installation, writer, url = started(folder)
    for connect in connections_to(installation, url):
        for name, data in GARBAGE.items():
            answer = send_all(connect, data)
            assert not answer or answer.startswith(b"HTTP/1."), (name, answer[:200])
            assert b" 200 " not in answer.split(b"\r\n")[0] or b"healthz" in data[:100], (name, answer[:200])
        for method in (b"PUT", b"PATCH", b"DELETE", b"TRACE", b"CONNECT", b"OPTIONS", b"BREW"):
            answer = send_all(connect, method + b" /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert answer.split(b" ")[1:2] in ([b"405"], [b"404"], [b"400"]), (method, answer[:200])
        for path in (b"/../etc/passwd", b"/v1/../../x", b"//etc/passwd", b"/%2e%2e/%2e%2e/etc/passwd", b"http://evil.example/"):
            assert b"root:" not in send_all(connect, b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    writer.transactions(2)
    installation.sync(installation.databases[0])
    assert peak_memory(installation.daemon.pid) < 250 << 20, peak_memory(installation.daemon.pid) >> 20
    installation.stop()


def test_other_users(folder):
    """May not open the control socket, whatever its folder lets them see."""
    need_root()
    installation, _, _ = started(folder)
    os.chmod(folder, 0o755)
    probe = ("import socket, sys\ns = socket.socket(socket.AF_UNIX)\ntry:\n  s.connect(sys.argv[1])\nexcept PermissionError:\n"
             "  sys.exit(13)\ns.sendall(b'POST /v1/stop HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 0\\r\\n\\r\\n')")
    tried = subprocess.run(STRANGER.command([sys.executable if STRANGER.may_run(sys.executable) else "/usr/bin/python3", "-c", probe,
                                             installation.control]), capture_output=True, text=True, check=False)
    assert tried.returncode == 13, tried
    installation.streamctl("status").expect(0)
    installation.stop()


def test_names_of_others(folder):
    """A page of a stranger's that has its name lead to loopback asks under its own name, and gets nothing."""
    installation, _, url = started(folder)
    for host in ("evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "[::1].evil.example", "x@localhost"):
        assert web.get(url + "/api/status", {"Host": host})[0] in (400, 421), host
        assert web.get(url + "/", {"Host": host})[0] in (400, 421), host
    for host in ("localhost", "127.0.0.1", "[::1]:80"):
        assert web.get(url + "/api/status", {"Host": host})[0] == 200, host
    headers = web.get(url + "/api/status")[1]
    assert "Access-Control-Allow-Origin" not in headers and headers["X-Content-Type-Options"] == "nosniff"
    installation.stop()


def test_tokens(folder):
    installation, _, url = started(folder, **{"http-token": "0123456789abcdef-right"})
    right = "Bearer 0123456789abcdef-right"
    for wrong in ("", "Bearer", "Bearer ", right[:-1], right + "x", right.lower(), right + right, "Basic " + right[7:], right[7:],
                  "Bearer 0123456789abcdef-righ\u00f4"):
        status = web.get(url + "/api/status", {"Authorization": wrong.encode("latin-1")} if wrong else {})[0]
        assert status == 401, (wrong, status)
    assert web.get(url + "/api/status", {"Authorization": right})[0] == 200
    assert web.get(url + "/api/status?token=0123456789abcdef-right")[0] == 401  # it would be in the logs of proxies
    installation.stop()


if __name__ == "__main__":
    case.run(globals())
