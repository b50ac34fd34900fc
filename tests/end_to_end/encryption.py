"""Backups encrypted to public keys: the daemon has no key that opens them, a person with an identity has all."""
import filecmp
import os
import shutil
import stat

from harness import case, secrets, store_scene, workload
from harness.daemon import Database, Installation, file_replica, run
from harness.waiting import wait_until

NEEDLE = b"this sentence must never be seen in the replica"


class Scene:
    """A machine whose replica is encrypted to `names`, an identity each in `folder`."""

    def __init__(self, folder, names=("alice",), **replica):
        self.folder = folder
        self.replica = os.path.join(folder, "replica")
        self.public = {name: keygen(self.identity(name)) for name in names}
        self.machine("here", [self.public[name] for name in names], **replica)
        self.writer = workload.Writer(self.database.path)

    def identity(self, name):
        return os.path.join(self.folder, name + ".identity")

    def machine(self, name, recipients, **replica):
        """Another machine as far as streamd can tell: no local state, the same replica."""
        home = os.path.join(self.folder, name)
        os.makedirs(home, exist_ok=True)
        settings = file_replica(self.replica, recipients=recipients, **replica)
        self.database = Database(os.path.join(home, "app.db"), [settings])
        self.installation = Installation(home, [self.database], streamd={"shutdown-timeout": "5s"})
        return self.installation

    def write(self, count=5):
        self.writer.connection.execute("CREATE TABLE IF NOT EXISTS secrets(text)")
        self.writer.connection.execute("INSERT INTO secrets VALUES(?)", (NEEDLE.decode() * 20,))
        return self.writer.transactions(count)

    def generations(self):
        listed = self.installation.streamctl("generations", f"file://{self.replica}", "--json")
        return [row["generation"] for row in listed.json["generations"]]

    def restore(self, out, *arguments, environment=None):
        return run([case.program("streamctl"), "restore", f"file://{self.replica}", "-o", os.path.join(self.folder, out),
                    *arguments], environment)

    def objects(self):
        found = []
        for place, _, names in os.walk(os.path.join(self.replica, "generations")):
            found += [os.path.join(place, name) for name in names]
        return [path for path in found if "/keys/" not in path]


def keygen(path):
    public = run([case.program("streamctl"), "keygen", "-o", path]).expect(0).stdout.strip()
    secrets.from_identity(path)
    return public


def replicate(scene, count=5):
    point = scene.write(count)
    scene.installation.start()
    scene.installation.sync(scene.database)
    return point


def test_keygen(folder):
    path = os.path.join(folder, "identity")
    public = keygen(path)
    assert public.startswith("streamd-pub-"), public
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    before = open(path, "rb").read()
    again = run([case.program("streamctl"), "keygen", "-o", path]).expect(11)
    assert "never overwritten" in again.stderr and open(path, "rb").read() == before, again.stderr
    assert run([case.program("streamctl"), "keygen", "--public", path]).expect(0).stdout.strip() == public
    listed = run([case.program("streamctl"), "keygen", "--public", path, "--json"]).expect(0).json["keys"]
    assert [key["public_key"] for key in listed] == [public] and len(listed[0]["recipient"]) == 16, listed
    printed = run([case.program("streamctl"), "keygen"]).expect(0).stdout
    assert "streamd-key-" in printed and "streamd-pub-" in printed and public not in printed, printed
    made = run([case.program("streamctl"), "keygen", "--json"]).expect(0).json
    assert "streamd-key-" in made["identity"] and made["public_key"] in made["identity"], sorted(made)
    run([case.program("streamctl"), "keygen", "--public", os.path.join(folder, "none")]).expect(40)
    run([case.program("streamctl"), "keygen", "--public", path, "-o", path + "2"]).expect(2)


def test_each_recipient_restores_and_nobody_else(folder):
    scene = Scene(folder, ("alice", "bob"))
    point = replicate(scene)
    scene.installation.stop()
    for path in scene.objects():
        content = open(path, "rb").read()
        assert NEEDLE not in content and b"SQLite format 3" not in content and content[:6] == b"\x89STREN", path
    keygen(scene.identity("eve"))
    for name in ("alice", "bob"):
        scene.restore(f"{name}.db", "--identity", scene.identity(name)).expect(0)
        assert workload.check(os.path.join(folder, f"{name}.db")).number == point.number
        assert filecmp.cmp(os.path.join(folder, "alice.db"), os.path.join(folder, f"{name}.db"), shallow=False)
    key = next(line for line in open(scene.identity("alice"), encoding="ascii") if line.startswith("streamd-key-"))
    for number, value in enumerate((scene.identity("bob"), key.strip())):
        scene.restore(f"by-environment-{number}.db", environment={"STREAMD_IDENTITY": value}).expect(0)
    both = ("--identity", scene.identity("eve"), "--identity", scene.identity("alice"))
    scene.restore("both.db", *both).expect(0)

    without = scene.restore("no.db").expect(21)
    assert "is encrypted and no identity was given" in without.stderr and "hint: --identity" in without.stderr, without.stderr
    wrong = scene.restore("no.db", "--identity", scene.identity("eve")).expect(21)
    names = [run([case.program("streamctl"), "keygen", "--json", "--public", scene.identity(name)]).json["keys"][0]["recipient"]
             for name in ("alice", "bob", "eve")]
    assert all(name in wrong.stderr for name in names), (names, wrong.stderr)
    assert not os.path.exists(os.path.join(folder, "no.db"))
    scene.restore("no.db", "--identity", os.path.join(folder, "absent")).expect(40)
    # Names are clear: what is there can be listed without a key.
    for command in ("generations", "snapshots", "timeline"):
        listed = run([case.program("streamctl"), command, f"file://{scene.replica}", "--json"]).expect(0)
        assert "999Z" in listed.stdout and "000Z" not in listed.stdout, listed
        assert "times are to the millisecond" in listed.stderr, listed
    listed = run([case.program("streamctl"), "segments", f"file://{scene.replica}", "--json"]).expect(0)
    assert "segments" in listed.json


def test_status_without_a_daemon_needs_no_key(folder):
    scene = Scene(folder)
    replicate(scene)
    running = scene.installation.streamctl("status", "--json").expect(0).json["databases"][0]["replicas"][0]
    scene.installation.stop()
    outcome = scene.machine("there", [scene.public["alice"]]).streamctl("status", "--json").expect(0)
    replica = outcome.json["databases"][0]["replicas"][0]
    assert replica["state"] == "ok" and replica["txid"] == running["txid"] and replica["error"] is None, replica
    assert replica["txid_time"] == running["txid_time"][:-4] + "999Z", (replica, running)
    assert "times are to the millisecond" in outcome.stderr, outcome.stderr


def test_damage_is_found(folder):
    scene = Scene(folder)
    replicate(scene)
    scene.write()
    scene.installation.sync(scene.database)
    scene.installation.stop()
    snapshot = next(path for path in scene.objects() if path.endswith(".snap"))
    whole = open(snapshot, "rb").read()
    for content in (whole[:-1], whole[:200] + bytes([whole[200] ^ 1]) + whole[201:], whole + b"x", whole[96:]):
        os.chmod(snapshot, 0o600)
        with open(snapshot, "wb") as output:
            output.write(content)
        scene.restore("damaged.db", "--identity", scene.identity("alice")).expect(30)
    with open(snapshot, "wb") as output:
        output.write(whole)
    scene.restore("whole.db", "--identity", scene.identity("alice")).expect(0)


def wrapped_key(scene):
    keys, = [os.path.join(place, name) for place, _, names in os.walk(scene.replica) for name in names if "/keys" in place]
    return keys


def test_a_lost_wrapped_key_is_found_and_put_anew(folder):
    scene = Scene(folder, ("alice", "bob"))
    replicate(scene)
    scene.installation.stop()
    path = wrapped_key(scene)
    whole = open(path, "rb").read()
    scene.installation.streamctl("verify", scene.database.path).expect(0)
    for content in (None, b"", whole.replace(b"0", b"1"), whole[:-20]):
        os.unlink(path)
        if content is not None:
            with open(path, "wb") as output:
                output.write(content)
        found = scene.installation.streamctl("verify", scene.database.path).expect(30)
        assert os.path.basename(path).rstrip("%") in found.stdout and "restart it" in found.stdout, found.stdout
        replicate(scene, 1)
        scene.installation.stop()
        assert open(path, "rb").read() == whole
        scene.installation.streamctl("verify", scene.database.path).expect(0)
    scene.restore("bob.db", "--identity", scene.identity("bob")).expect(0)


def test_a_drill_puts_a_lost_wrapped_key_anew(folder):
    scene = Scene(folder, **{"verify-interval": "1s"})
    replicate(scene)
    path = wrapped_key(scene)
    os.unlink(path)
    wait_until(lambda: os.path.exists(path), "the key")
    wait_until(lambda: "a wrapped key was put there anew" in scene.installation.daemon.output(), "a word about it")
    scene.installation.stop()
    scene.restore("alice.db", "--identity", scene.identity("alice")).expect(0)


def test_a_restart_goes_on_and_other_recipients_begin_a_generation(folder):
    scene = Scene(folder)
    replicate(scene)
    assert len(scene.generations()) == 1
    scene.installation.kill()  # at any moment: the key is durable before it is used
    replicate(scene)
    scene.installation.stop()
    assert len(scene.generations()) == 1, "a restart has begun a generation"
    scene.writer.connection.execute("INSERT INTO secrets VALUES(randomblob(20000000))")  # parts, which may be reused
    scene.installation.start()
    scene.installation.streamctl("sync", scene.database.path, "--wait").expect(0)
    scene.installation.stop()
    # Bob takes alice's place: what comes from now on is his.
    bob = keygen(scene.identity("bob"))
    scene.machine("here", [bob])
    point = replicate(scene)
    assert "recipients" in scene.installation.daemon.output(), scene.installation.daemon.output()
    scene.installation.stop()
    assert len(scene.generations()) == 2
    scene.restore("bob.db", "--identity", scene.identity("bob")).expect(0)
    assert workload.check(os.path.join(folder, "bob.db")).number == point.number
    scene.restore("new.db", "--identity", scene.identity("alice")).expect(21)
    old = scene.generations()[0]
    scene.restore("old.db", "--identity", scene.identity("alice"), "--generation", old).expect(0)
    # And back to plain, for whoever wants that: readable by everybody, the old ones not.
    scene.machine("here", [])
    replicate(scene)
    scene.installation.stop()
    assert len(scene.generations()) == 3
    scene.restore("plain.db").expect(0)


def test_encryption_begins_in_a_plain_replica(folder):
    scene = Scene(folder)
    scene.machine("here", [])
    first = replicate(scene)
    scene.installation.stop()
    scene.machine("here", list(scene.public.values()))
    replicate(scene)
    scene.installation.stop()
    old, new = scene.generations()
    scene.restore("old.db", "--generation", old, "--txid", "1").expect(0)
    scene.restore("new.db", "--generation", new).expect(21)
    scene.restore("new.db", "--generation", new, "--identity", scene.identity("alice")).expect(0)
    assert workload.check(os.path.join(folder, "new.db")).number > first.number


def test_a_new_machine(folder):
    scene = Scene(folder)
    point = replicate(scene)
    scene.installation.stop()
    generations = scene.generations()
    there = scene.machine("there", list(scene.public.values()))
    there.streamctl("restore", scene.database.path).expect(21)
    missing = there.run_once("--once", "--restore-missing").expect(21)
    assert "no identity was given" in missing.stderr, missing.stderr
    there.streamctl("restore", scene.database.path, "--identity", scene.identity("alice")).expect(0)
    assert workload.check(scene.database.path).number == point.number
    os.remove(scene.identity("alice"))  # the daemon needs none
    scene.writer = workload.Writer(scene.database.path)
    replicate(scene)
    scene.installation.stop()
    assert scene.generations() == generations, "the restored machine has begun a generation"


def test_a_missing_database_comes_back_with_the_identity_of_the_configuration(folder):
    scene = Scene(folder)
    point = replicate(scene)
    scene.installation.stop()
    there = scene.machine("there", list(scene.public.values()), identity=scene.identity("alice"))
    there.run_once("--once", "--restore-missing").expect(0)
    assert workload.check(scene.database.path).number == point.number
    assert len(scene.generations()) == 1


def test_without_local_state_and_identity_it_asks(folder):
    scene = Scene(folder)
    replicate(scene)
    scene.installation.stop()
    shutil.copy(scene.database.path, os.path.join(folder, "copy.db"))
    there = scene.machine("there", list(scene.public.values()))
    shutil.copy(os.path.join(folder, "copy.db"), scene.database.path)
    scene.writer = workload.Writer(scene.database.path)
    asked = there.run_once("--once").expect(14)
    assert "it is encrypted" in asked.stderr and "adopt DB local" in asked.stderr, asked.stderr
    there.streamctl("adopt", scene.database.path, "local").expect(0)
    point = replicate(scene)
    there.stop()
    assert len(scene.generations()) == 2
    scene.restore("adopted.db", "--identity", scene.identity("alice")).expect(0)
    assert workload.check(os.path.join(folder, "adopted.db")).number == point.number


def test_a_store_without_if_absent(folder):
    """The key of the generation gets there as everything else does."""
    identity = os.path.join(folder, "alice.identity")
    scene = store_scene.Scene(os.path.join(folder, "machine"), "spaces", recipients=[keygen(identity)])
    scene.installation.start()
    scene.sync()
    assert any("/keys/" in key for key in scene.bucket.objects), scene.bucket.objects.keys()
    out = os.path.join(folder, "out.db")
    scene.installation.restore(scene.database, out, "--identity", identity).expect(0)
    assert workload.check(out).digest == scene.writer.points[-1].digest
    scene.installation.stop()


if __name__ == "__main__":
    case.run(globals())
