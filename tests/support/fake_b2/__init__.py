"""A strict fake of Backblaze B2's native API (v1 to v4), in memory, on loopback.

    server = FakeB2()                       # or FakeB2(certificates=Certificates(folder)) for https
    server.store.add_bucket("backups")
    key = server.keys.add(["listFiles", "readFiles"], bucket="backups", prefix="app/")
    server.faults.add("b2_upload_file", status=503, code="service_unavailable")
    server.close()

/usr/bin/python3 -m support.fake_b2 --help runs it for a person with a client (PYTHONPATH=tests).

It is stricter than kind: an upload URL serves one upload at a time and stays broken after a 5xx, unknown members of a
request are errors, capabilities and restrictions of keys are checked on every call, error replies close the connection.
`clients.py` has other people's clients (rclone, b2sdk) use it; what none of them does is as the vendor's documents say.
Not there: copying, SSE, object lock, download authorizations, bucket settings, keys made by a call.
"""
from support.fake_b2.server import FakeB2

__all__ = ["FakeB2"]
