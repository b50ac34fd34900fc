"""A way to a server on loopback that can be made bad: a proxy for bytes, which cuts, stalls, refuses, or answers busy."""
import contextlib
import selectors
import socket
import threading

BUSY = (b"HTTP/1.1 503 Slow Down\r\nRetry-After: 1\r\nConnection: close\r\nContent-Type: application/xml\r\n"
        b"Content-Length: 71\r\n\r\n<Error><Code>SlowDown</Code><Message>Reduce your rate</Message></Error>")
assert BUSY.endswith(b"\r\n\r\n" + BUSY[-71:])


class BadNetwork:
    """`port` leads to `server_port`. `fault` is None or one of:

    ("cut", N)    each connection is reset after N bytes, counted both ways
    ("stall", N)  each connection says nothing more after N bytes, and stays open
    ("refuse",)   new connections are closed at once
    ("busy",)     requests on new connections are answered 503 SlowDown
    `faults` counts how often it struck. A connection keeps the fault under which it began.
    """

    def __init__(self, server_port, host="127.0.0.1"):
        self.server_port = server_port
        self.fault = None
        self.faults = 0
        self._open = []
        self._listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        for one in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            self._open.append(client)
            threading.Thread(target=self._serve, args=(client, self.fault), daemon=True).start()

    def _serve(self, client, fault):
        with contextlib.suppress(OSError):
            if fault == ("refuse",):
                self._strike(client)
            elif fault == ("busy",):
                client.recv(65536)
                client.sendall(BUSY)
                self._strike(client)
            else:
                with socket.create_connection(("127.0.0.1", self.server_port)) as server:
                    self._carry(client, server, fault)

    def _strike(self, client):
        self.faults += 1
        client.shutdown(socket.SHUT_RDWR)
        client.close()

    def _carry(self, client, server, fault):
        moved = 0
        with selectors.DefaultSelector() as both:
            both.register(client, selectors.EVENT_READ, server)
            both.register(server, selectors.EVENT_READ, client)
            while True:
                for ready, _ in both.select():
                    content = ready.fileobj.recv(65536)
                    if not content:
                        client.shutdown(socket.SHUT_RDWR)
                        return
                    moved += len(content)
                    if fault and moved > fault[1]:
                        if fault[0] == "cut":
                            self._strike(client)
                        else:
                            self.faults += 1  # both ends stay open, nothing is read any more
                            threading.Event().wait(600)
                        return
                    ready.data.sendall(content)
