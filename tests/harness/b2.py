"""Backblaze B2 as the tests have it: our fake of its native API (tests/support/fake_b2), with a bucket and a key."""
from harness.bad_network import BadNetwork
from harness.certificates import Certificates
from support.fake_b2 import FakeB2

BUCKET = "streamd-tests"
# What a key for a backup needs, and no more; a restore is content with the first two.
BACKUP = ("listFiles", "readFiles", "writeFiles", "deleteFiles")
RESTORE = ("listFiles", "readFiles")


class B2:
    """`fake` is the server, to be looked at and to be made to fail; `key` the key that options() names."""

    def __init__(self, folder, tls=False, capabilities=BACKUP, prefix="", **more):
        self.fake = FakeB2(Certificates(folder) if tls else None, **more)
        self.fake.store.add_bucket(BUCKET)
        self.key = self.fake.keys.add(capabilities, [BUCKET], prefix)

    def options(self, key=None, **more):
        key = key or self.key
        found = {"bucket": BUCKET, "endpoint": self.fake.endpoint, "key-id": key.id, "application-key": key.secret}
        if self.fake.certificates:
            found["ca-file"] = self.fake.certificates.ca_file
        return {**found, **more}

    def behind(self, **network):
        """A bad network in front: the server names it as where its API, its uploads and its downloads are."""
        network = BadNetwork(self.fake.port, **network)
        self.fake.public_endpoint = f"http://127.0.0.1:{network.port}"
        return network

    def actions(self):
        """name -> actions of its versions, newest first."""
        return self.fake.store.everything(BUCKET)

    def hidden(self):
        """How many versions are there that no reader sees, and large files that are not finished."""
        return sum(len(actions) - (actions[0] == "upload") for actions in self.actions().values())
