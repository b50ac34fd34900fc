"""python3 -m support.fake_s3 DIALECT [PORT [ADDRESS]]: the fake by hand, with a bucket named "backups", until Ctrl-C."""
import sys
import threading

from support.fake_s3 import FakeS3

dialect, port, host = sys.argv[1:] + ["aws", "0", "127.0.0.1"][len(sys.argv) - 1:]
server = FakeS3(dialect, host=host, port=int(port))
server.make_bucket("backups")
print(f"endpoint {server.endpoint} key {server.key} secret {server.secret} region {server.region}", flush=True)
threading.Event().wait()
