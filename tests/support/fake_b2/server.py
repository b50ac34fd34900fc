"""The fake as an HTTP server."""
import collections
import http.server
import socket
import ssl
import threading

from support.fake_b2.faults import Faults
from support.fake_b2.handler import Handler
from support.fake_b2.keys import Keys
from support.fake_b2.store import Store
from support.fake_b2.uploads import Uploads


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    fake = None

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.open = set()

    def process_request(self, request, client_address):
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """Clients that go away in the middle are what tests are about."""


class FakeB2:
    """`store`, `keys`, `uploads` and `faults` are the test's to look at and to change while it serves; `calls` counts by name."""

    host = "127.0.0.1"

    def __init__(self, certificates=None, minimum_part=5_000_000, strict_names=False, port=0):
        self.store = Store(minimum_part, strict_names)
        self.keys = Keys(self.store)
        self.faults = Faults()
        self.uploads = Uploads(self.store, lambda: self.endpoint)
        self.calls = collections.Counter()
        self.certificates = certificates
        self._lock = threading.Lock()
        self._http = _Server((self.host, port), Handler)
        self._http.fake = self
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates.certificate, certificates.key)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._http.server_address[1]
        self.public_endpoint = None  # what authorize and upload URLs name; a proxy's, if a test says so
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def endpoint(self):
        own = f"{'https' if self.certificates else 'http'}://{self.host}:{self.port}"
        return getattr(self, "public_endpoint", None) or own

    def count(self, call):
        with self._lock:
            self.calls[call] += 1

    def die(self):
        """No new connection, and those that are there end in the middle."""
        self.close()
        for connection in list(self._http.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self._http.shutdown()
        self._http.server_close()
