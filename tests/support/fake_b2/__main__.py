"""/usr/bin/python3 -m support.fake_b2: the fake for a person with a client."""
import argparse
import threading

from support.fake_b2 import FakeB2
from support.fake_b2.keys import CAPABILITIES


def main():
    options = argparse.ArgumentParser(prog="support.fake_b2", description=__doc__)
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--bucket", default="backups", help="that is there at the start")
    options.add_argument("--key-id", default=None)
    options.add_argument("--key", default=None)
    options.add_argument("--capabilities", default=",".join(CAPABILITIES), help="of the key, with commas")
    options.add_argument("--restricted", action="store_true", help="the key is for the bucket alone")
    options.add_argument("--name-prefix", default="", help="the key is for names that begin so")
    options.add_argument("--minimum-part", type=int, default=5_000_000, help="bytes")
    given = options.parse_args()
    server = FakeB2(minimum_part=given.minimum_part, port=given.port)
    server.store.add_bucket(given.bucket)
    key = server.keys.add(given.capabilities.split(","), given.bucket if given.restricted else None, given.name_prefix,
                          given.key_id, given.key)
    print(f"endpoint {server.endpoint}\nkey id {key.id}\nkey {key.secret}\nbucket {given.bucket}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
