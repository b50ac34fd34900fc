"""What the product is told in confidence is seen nowhere: not in logs, errors, files, objects, command lines, core dumps.

The harness looks after every test (harness/secrets.py): into the files of its folder, what was printed, how processes are
called. Here everything is told at once, at the most talkative level, and everything that could show it is asked."""
import base64
import glob
import os
import resource
import shutil
import stat

from harness import case, secrets, web
from harness.certificates import Certificates
from harness.daemon import Database, Installation, file_replica, run
from harness.waiting import wait_until
from harness.workload import Writer
from support.fake_s3 import FakeS3
from harness.b2 import B2

BUCKET = "backups"


class Scene:
    """Three replicas: S3 with a customer's key over TLS, B2, and an encrypted folder. A token, a heartbeat, a hook."""

    def __init__(self, folder, receiver):
        self.folder = folder
        certificates = Certificates(folder)
        self.s3 = FakeS3("aws", certificates=certificates)
        self.s3.secret = "s3/Secret+Key/with=signs0123456789"
        self.s3.make_bucket(BUCKET)
        self.b2 = B2(os.path.join(folder))
        self.identity = os.path.join(folder, "identity")
        public = run([case.program("streamctl"), "keygen", "-o", self.identity]).expect(0).stdout.strip()
        secrets.from_identity(self.identity)
        customer = base64.b64encode(b"customer's own key of 32 bytes!!").decode()
        replicas = [{"name": "s3", "driver": "s3", "path": "app", "sse-customer-key": customer, **self.s3.options(BUCKET)},
                    {"name": "b2", "driver": "b2", "path": "app", **self.b2.options()},
                    file_replica(os.path.join(folder, "replica"), recipients=[public])]
        token = os.path.join(folder, "token")
        with open(token, "w", encoding="utf-8") as output:
            output.write("bearer-token-0123456789\n")
        self.database = Database(os.path.join(folder, "app.db"), replicas,
                                 {"heartbeat-url": receiver.url + "/ping/0123456789-heartbeat", "heartbeat-interval": "1s"})
        self.streamd = {**web.ANY_PORT, "shutdown-timeout": "1s", "http-token": "file:" + token, "on-event-url": receiver.url + "/hook/0123456789-hook"}
        self.installation = Installation(folder, [self.database], streamd=self.streamd)
        self.writer = Writer(self.database.path)


def everything_that_talks(scene):
    database, streamctl = scene.database.path, scene.installation.streamctl
    for words in (["config", "show"], ["config", "show", "--json"], ["config", "check"], ["databases"], ["databases", "--json"],
                  ["status"], ["status", "--json"], ["drivers", "list"], ["drivers", "show", "s3"], ["doctor"],
                  ["generations", database], ["segments", database], ["verify", database], ["timeline", database]):
        streamctl(*words)  # harness.daemon.run looks at what it prints
    scene.installation.run_once("--check")


def test_nothing_is_seen(folder):
    with web.Receiver() as receiver:
        scene = Scene(folder, receiver)
        scene.installation.start()
        scene.writer.transactions(5)
        scene.installation.sync(scene.database)
        url = web.address_of(scene.installation)
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer bearer-token-0123456789"}):
            for path in ("/", "/metrics", "/readyz", "/api/status", "/healthz", "/nothing"):
                secrets.check_text(path, web.get(url + path, headers)[2])
        everything_that_talks(scene)
        wait_until(lambda: "/ping/0123456789-heartbeat" in receiver.paths(), "a heartbeat")
        receiver.status = 500  # and one that fails, which is logged
        wait_until(lambda: "heartbeat" in scene.installation.daemon.output(), "a word about it")
        secrets.check_process(scene.installation.daemon.pid)
        scene.installation.restore(scene.database, os.path.join(folder, "out.db"), "--replica", "folder",
                                   "--identity", scene.identity).expect(0)
        scene.installation.stop()


def test_wrong_keys_and_stores_that_refuse(folder):
    with web.Receiver() as receiver:
        scene = Scene(folder, receiver)
        scene.installation.run_once("--once").expect(0)
        for replica, key in (("s3", "secret-access-key"), ("b2", "application-key"), ("s3", "sse-customer-key")):
            settings = next(one for one in scene.database.replicas if one["name"] == replica)
            right, settings[key] = settings[key], base64.b64encode(b"0123456789 another secret 012345").decode()
            scene.installation.write_config(scene.streamd, {})
            outcome = scene.installation.restore(scene.database, os.path.join(folder, "out.db"), "--replica", replica)
            assert outcome.code in (21, 0 if key == "sse-customer-key" else 21), outcome  # the fake does not encrypt
            if outcome.code == 0:
                os.remove(os.path.join(folder, "out.db"))
            scene.installation.run_once("--once")
            settings[key] = right
        for key, broken in (("sse-customer-key", "not-base64-but-secret!"), ("secret-access-key", "broken\nsecret-0123456789")):
            scene.database.replicas[0][key] = broken
            scene.installation.write_config(scene.streamd, {})
            scene.installation.run_once("--check")
            scene.installation.restore(scene.database, os.path.join(folder, "out.db"))
        other = os.path.join(folder, "other")
        run([case.program("streamctl"), "keygen", "-o", other]).expect(0)
        secrets.from_identity(other)
        for identity in (other, os.path.join(folder, "token")):  # of somebody else, and none at all
            refused = run([case.program("streamctl"), "restore", "file://" + os.path.join(folder, "replica"), "-o",
                           os.path.join(folder, "out.db"), "--identity", identity])
            assert refused.code not in (0, -6, -11), refused


def test_a_driver_check(folder):
    program = os.environ.get("STREAMD_DRIVER_CHECK")
    if not program:
        case.skip("streamd-driver-check is not built here")
    path = {"PATH": os.path.dirname(program) + ":" + os.environ["PATH"]}
    server = FakeS3("aws")
    server.make_bucket(BUCKET)
    options = os.path.join(folder, "options.toml")
    settings = server.options(BUCKET)
    secrets.from_settings(settings, options)
    with open(options, "w", encoding="utf-8") as output:
        output.write("".join(f'{key} = "{value}"\n' for key, value in settings.items()))
    command = [case.program("streamctl"), "drivers", "check", "s3", options, "--only", "range"]
    checked = run(command, path)
    assert checked.code == 0 and "range" in checked.stdout, checked
    with open(options, "a", encoding="utf-8") as output:
        output.write('secret-access-key = "0123456789-given-twice"\n')
    secrets.register("the second key", "0123456789-given-twice")
    assert run(command, path).code != 0


def test_no_core_dump(folder):
    """Where the system would let there be one."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    with web.Receiver() as receiver:
        scene = Scene(folder, receiver)
        resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
        try:
            scene.installation.start()
        finally:
            resource.setrlimit(resource.RLIMIT_CORE, before)
        with open(f"/proc/{scene.installation.daemon.pid}/limits", encoding="ascii") as limits:
            core = next(line for line in limits if line.startswith("Max core file size"))
        assert core.split()[4] == "0", core
        scene.installation.stop()


def test_files_with_secrets_are_made_for_their_owner(folder):
    """The identity that keygen writes, and the keys of an encrypted replica in the local state."""
    with web.Receiver() as receiver:
        scene = Scene(folder, receiver)
        scene.installation.run_once("--once").expect(0)
        for path in [scene.identity, *glob.glob(os.path.join(folder, ".app.db-streamd", "replicas", "*", "**"), recursive=True)]:
            assert stat.S_IMODE(os.stat(path).st_mode) & 0o077 == 0, path
        shutil.rmtree(os.path.join(folder, ".app.db-streamd"))


if __name__ == "__main__":
    case.run(globals())
