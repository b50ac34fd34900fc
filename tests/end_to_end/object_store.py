"""Disaster recovery from an object store: a live database goes to an S3 server that is not ours and comes back on a
machine that has nothing but the configuration."""
import base64
import hashlib
import os

from harness import case, s3_request, workload
from harness.ceph import Ceph
from harness.daemon import Database, Installation
from harness.store_scene import Scene
from harness.swift import Swift
from end_to_end.installed import lose_machine

BUCKET = "backups"


def replicated(folder, server, **options):
    """(installation, writer) of a database that goes to the bucket, below schedx/."""
    home = os.path.join(folder, "machine")
    os.makedirs(home)
    s3_request.make_bucket(server, BUCKET)
    replica = {"name": "offsite", "driver": "s3", "path": "schedx", **server.options(BUCKET, **options)}
    database = Database(os.path.join(home, "app.db"), [replica])
    writer = workload.Writer(database.path)
    return Installation(home, [database], defaults={"sync-interval": "100ms"}), writer


def recovered(installation):
    database = installation.databases[0]
    installation.streamctl("restore", database.path).expect(0)
    return workload.check(database.path)


def fill(writer, megabytes):
    writer.connection.execute("CREATE TABLE large(content)")
    writer.connection.executemany("INSERT INTO large VALUES(randomblob(?))", [(1_000_000,)] * megabytes)


def test_a_new_machine_has_it_all(folder):
    server = Ceph(os.path.join(folder, "ceph"), tls=True)
    installation, writer = replicated(folder, server, **{"part-size": "5MiB"})
    fill(writer, 24)
    installation.start()
    for _ in range(5):
        writer.transactions(20)
        installation.sync(installation.databases[0])
    expected = writer.points[-1]
    installation.kill()
    writer.close()
    lose_machine(installation)
    found = recovered(installation)
    assert (found.number, found.digest) == (expected.number, expected.digest)
    assert all(key.startswith("schedx/") for key in s3_request.keys(server, BUCKET) if key != ".streamd-probe")
    # And it goes on from there, in the same generation.
    again = workload.Writer(installation.databases[0].path, seed=2)
    installation.start()
    again.transactions(5)
    installation.sync(installation.databases[0])
    installation.stop()
    generations = installation.streamctl("generations", installation.databases[0].path, "--json").json["generations"]
    assert len(generations) == 1, generations


def test_a_strict_store(folder):
    server = Swift(os.path.join(folder, "swift"), region="eu-west-1")
    installation, writer = replicated(folder, server)
    installation.start()
    writer.transactions(30)
    installation.sync(installation.databases[0])
    installation.stop()
    writer.close()
    lose_machine(installation)
    assert recovered(installation).digest == writer.points[-1].digest


def test_a_store_that_stands_still_for_a_while(folder):
    server = Ceph(os.path.join(folder, "ceph"))
    installation, writer = replicated(folder, server)
    installation.start()
    writer.transactions(10)
    installation.sync(installation.databases[0])
    server.children[-1].freeze()
    writer.transactions(10)
    before = installation.streamctl("status", "--json").expect().json["databases"][0]
    assert before["state"] == "live", before  # the application and capture do not wait for the store
    server.children[-1].thaw()
    installation.sync(installation.databases[0])
    installation.stop()
    writer.close()
    lose_machine(installation)
    assert recovered(installation).digest == writer.points[-1].digest


def test_what_is_wrong_is_said(folder):
    server = Swift(os.path.join(folder, "swift"))
    installation, writer = replicated(folder, server)
    url = f"s3://{BUCKET}/schedx?endpoint={server.endpoint}&region=us-east-1"
    out = os.path.join(folder, "out.db")
    keys = {"STREAMD_ACCESS_KEY_ID": server.key, "STREAMD_SECRET_ACCESS_KEY": server.secret}

    def restore(where, variables, code):
        os.environ.update(variables)
        try:
            outcome = installation.streamctl("restore", where, "-o", out)
        finally:
            for name in variables:
                del os.environ[name]
        assert server.secret not in outcome.stderr, outcome.stderr
        return outcome.expect(code).stderr

    assert "no backup" in restore(url, keys, 10)
    writer.transactions(5)
    installation.run_once("--once").expect(0)
    assert "no credentials found" in restore(url, {"HOME": folder}, 21)
    assert "SignatureDoesNotMatch" in restore(url, {**keys, "STREAMD_SECRET_ACCESS_KEY": "not the secret"}, 21)
    assert "us-east-1" in restore(url.replace("us-east-1", "us-west-2"), keys, 40)
    assert "NoSuchBucket" in restore(url.replace(BUCKET, "another"), keys, 40)
    server.stop()
    assert "Failed to connect" in restore(url, keys, 20)
    assert not os.path.exists(out)


def test_certificates(folder):
    server = Ceph(os.path.join(folder, "ceph"), tls=True)
    installation, writer = replicated(folder, server)
    writer.transactions(3)
    installation.run_once("--once").expect(0)
    trusted = installation.databases[0].replicas[0].pop("ca-file")
    out = os.path.join(folder, "out.db")
    installation.write_config({}, {})
    refused = installation.restore(installation.databases[0], out).expect(20)
    assert "certificate" in refused.stderr, refused.stderr
    installation.databases[0].replicas[0]["tls-verify"] = False
    installation.write_config({}, {})
    warned = installation.restore(installation.databases[0], out).expect(0)
    assert "tls-verify = false" in warned.stderr, warned.stderr
    installation.databases[0].replicas[0].update({"tls-verify": True, "ca-file": trusted + ".absent"})
    installation.write_config({}, {})
    installation.restore(installation.databases[0], out, "--force").expect(40)


def test_a_lifecycle_rule_that_removes_objects(folder):
    server = Ceph(os.path.join(folder, "ceph"))
    installation, writer = replicated(folder, server)
    writer.close()

    def doctor():
        return installation.streamctl("doctor").stdout

    assert "no rule of the storage removes objects there" in doctor()
    rules = (b"<LifecycleConfiguration><Rule><ID>tidy up</ID><Filter><Prefix>schedx/</Prefix></Filter>"
             b"<Status>Enabled</Status><Expiration><Days>30</Days></Expiration></Rule></LifecycleConfiguration>")
    digest = base64.b64encode(hashlib.md5(rules).digest()).decode()
    status, body = s3_request.send(server, "PUT", "/" + BUCKET, {"lifecycle": ""}, rules, {"content-md5": digest})
    assert status == 200, (status, body)
    told = "by its rule 'tidy up', removes objects below 'schedx/' after 30 days: backups there break"
    assert told in doctor(), doctor()


def test_if_absent_is_asked_for_once(folder):
    server = Ceph(os.path.join(folder, "ceph"))
    installation, writer = replicated(folder, server)
    for _ in range(2):
        writer.transactions(3)
        installation.run_once("--once").expect(0)
    assert s3_request.keys(server, BUCKET, ".streamd-probe") == [".streamd-probe"]


def test_a_bucket_with_a_default_retention(folder):
    """It refuses what comes without Content-MD5: once, whatever is stored first, a small object or a part of a large one."""
    for dialect, options in (("aws", {}), ("spaces", {"if-absent": "no"})):
        scene = Scene(os.path.join(folder, dialect), dialect, large=12, **options)
        scene.bucket.retention = True
        scene.installation.start()
        scene.sync()
        scene.writer.transactions(5)
        scene.sync()
        scene.restore()
        scene.installation.stop()
        scene.nothing_lost_or_doubled()
        stored = [request for request in scene.server.requests if request.kind in ("put_object", "put_part")]
        refused = sum(not request.header("content-md5") for request in stored)
        assert 1 <= refused <= 6 and len(stored) > 2 * refused, (refused, stored)  # daemon and restore, some at the same time
        scene.server.stop()


if __name__ == "__main__":
    case.run(globals())
