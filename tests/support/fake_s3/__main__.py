"""python3 -m support.fake_s3 DIALECT [PORT]: the fake by hand, with a bucket named "backups", until Ctrl-C."""
import sys
import threading

from support.fake_s3 import FakeS3

server = FakeS3(sys.argv[1] if len(sys.argv) > 1 else "aws", port=int(sys.argv[2]) if len(sys.argv) > 2 else 0)
server.make_bucket("backups")
print(f"endpoint {server.endpoint} key {server.key} secret {server.secret} region {server.region}", flush=True)
threading.Event().wait()
