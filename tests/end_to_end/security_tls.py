"""Certificates that prove nothing: refused with a sentence, before anything was sent."""
import concurrent.futures
import os
import ssl

from harness import case, web
from harness.b2 import B2
from harness.certificates import Certificates
from harness.daemon import Database, Installation
from harness.processes import measured
from harness.waiting import wait_until
from harness.workload import Writer
from support.fake_b2 import FakeB2
from support.fake_s3 import FakeS3
from end_to_end.installed import replicated

BUCKET = "backups"


def untrusted(folder):
    """name: (the server's certificates, the file of authorities that the client trusts or None)"""
    made = lambda name, **more: Certificates(os.path.join(folder, name), **more)
    good, stranger = made("good"), made("stranger")
    elsewhere, expired = made("elsewhere", names="DNS:elsewhere.example,IP:127.0.0.2"), made("expired", days=-1)
    return {"unknown authority": (stranger, good.ca_file), "its own authority": (good, None),
            "another host": (elsewhere, elsewhere.ca_file), "expired": (expired, expired.ca_file)}


def s3_replica(certificates):
    server = FakeS3("aws", certificates=certificates)
    server.make_bucket(BUCKET)
    return {"driver": "s3", **server.options(BUCKET)}, lambda: len(server.requests)


def b2_replica(certificates):
    fake = FakeB2(certificates)
    fake.store.add_bucket(BUCKET)
    key = fake.keys.add(("listFiles", "readFiles", "writeFiles", "deleteFiles"), [BUCKET], "")
    return {"driver": "b2", "bucket": BUCKET, "endpoint": fake.endpoint, "key-id": key.id, "application-key": key.secret,
            "ca-file": certificates.ca_file}, lambda: sum(fake.calls.values())


def test_stores(folder):
    def attempt(case_of):
        (kind, (certificates, trusted)), make = case_of
        replica, requests = make(certificates)
        if trusted:
            replica["ca-file"] = trusted
        else:
            del replica["ca-file"]
        home = os.path.join(folder, f"{replica['driver']}-{kind.replace(' ', '-')}")
        os.mkdir(home)
        database = Database(os.path.join(home, "app.db"), [{"name": "offsite", "path": "app", **replica}])
        Writer(database.path).transactions(1)
        installation = Installation(home, [database])
        code, text, _ = measured([case.program("streamctl"), "restore", database.path, "-o", os.path.join(home, "out.db")],
                                 {"STREAMD_CONFIG": installation.config})
        assert code == 20 and ("certificate" in text or "SSL" in text), (kind, replica["driver"], code, text)
        assert requests() == 0, (kind, replica["driver"], "something was sent")
        return kind, replica["driver"], text.splitlines()[0]

    cases = [(item, make) for item in untrusted(folder).items() for make in (s3_replica, b2_replica)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for outcome in pool.map(attempt, cases):
            print(*outcome, flush=True)
    # The control: with the right authority all of it works.
    good = Certificates(os.path.join(folder, "right"))
    replica, requests = s3_replica(good)
    installation, _ = replicated(os.path.join(folder, "right"))
    installation.databases[0].replicas[:] = [{"name": "offsite", "path": "app", **replica}]
    installation.write_config({}, {})
    installation.run_once("--once").expect(0)
    assert requests() > 0


class SecureReceiver(web.Receiver):
    def __init__(self, certificates):
        super().__init__()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.certificate, certificates.key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._server.handle_error = lambda *_: None  # who hangs up is what this is about
        self.url = self.url.replace("http://127.0.0.1", "https://localhost")


def test_heartbeats(folder):
    """Heartbeats and hooks trust the authorities of the system: here SSL_CERT_FILE names them."""
    kinds = {**untrusted(folder), "right": (Certificates(os.path.join(folder, "right-one")),) * 2}
    kinds["right"] = (kinds["right"][0], kinds["right"][0].ca_file)
    scenes = {}
    for kind, (certificates, trusted) in kinds.items():
        receiver = SecureReceiver(certificates)
        home = os.path.join(folder, "home-" + kind.replace(" ", "-"))
        os.mkdir(home)
        installation, _ = replicated(home)
        installation.databases[0].settings.update({"heartbeat-url": receiver.url + "/ping", "heartbeat-interval": "1s"})
        installation.write_config({}, {})
        installation.start(environment={"SSL_CERT_FILE": trusted or "/nonexistent"})
        scenes[kind] = (receiver, installation)
    receiver, installation = scenes.pop("right")
    wait_until(lambda: "/ping" in receiver.paths(), "a heartbeat to the right one", progress=installation.daemon.output)
    for kind, (receiver, installation) in scenes.items():
        log = wait_until(lambda: (text := installation.daemon.output()) and "request to localhost" in text and text,
                         f"a word about {kind}")
        assert "no secure connection" in log and "certificate" in log, log
        assert not receiver.requests, (kind, receiver.requests)


if __name__ == "__main__":
    case.run(globals())
