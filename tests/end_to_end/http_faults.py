"""A live database and a store that answers busy, with errors, half, wrongly, late, or not at all; and what else stands
between the two: a clock that is wrong, IPv6, a proxy, a key that may not do everything."""
import dataclasses
import os
import subprocess

from harness import case, processes, secrets
from harness.certificates import Certificates
from harness.daemon import toml_value
from harness.http_faults import HttpFaults, xml_answer
from harness.http_proxy import HttpProxy
from harness.store_scene import BUCKET, Scene
from support.fake_s3 import DIALECTS, FakeS3

BUSY = ("answer", xml_answer(503, "SlowDown", Retry_After=1))
TOO_MANY = ("answer", xml_answer(429, "TooManyRequests", Retry_After=1))
BROKEN = ("answer", xml_answer(500, "InternalError"))
LOST = ("lose", None)


def scene_with_faults(folder, dialect="aws", **settings):
    server = FakeS3(dialect)
    way = HttpFaults(server.port)
    return Scene(folder, server, endpoint=way.endpoint, **settings), way


def test_commits_come_through(folder):
    scene, way = scene_with_faults(folder)
    scene.installation.start()
    scene.sync()
    for kind, value in (BUSY, TOO_MANY, BROKEN, LOST, ("delay", 0.3), ("etag", "0" * 32), ("truncate", 0)):
        fault = way.spoil(kind, value, method="PUT", part="/segments/")
        scene.writer.transactions(3)
        scene.sync()
        assert fault.struck == 1, (kind, fault)
    scene.is_well_again()
    scene.restore()
    scene.installation.stop()
    scene.nothing_lost_or_doubled()


def test_the_first_snapshot_comes_through_in_parts(folder):
    """Of a store without if-absent. A part with a wrong ETag, and an answer to the last request that is lost, begin again."""
    scene, way = scene_with_faults(folder, "spaces", large=12)
    faults = [way.spoil(kind, value, method="PUT", part="partNumber")
              for kind, value in (BUSY, BROKEN, TOO_MANY, LOST, ("etag", "0" * 32))]
    faults += [way.spoil("lose", None, method="POST", part="?uploadId=", times=1), way.spoil(*BROKEN, method="POST", part="?uploads")]
    scene.installation.start()
    scene.is_well_again()
    assert [fault.struck for fault in faults] == [1] * len(faults), faults
    scene.restore()
    scene.installation.stop()
    scene.nothing_lost_or_doubled()


def test_a_restore_comes_through(folder):
    scene, way = scene_with_faults(folder, large=6)
    scene.installation.start()
    scene.sync()
    scene.writer.transactions(5)
    scene.sync()
    scene.installation.stop()
    for kind, value, part in (("truncate", 200, "list-type"), (*BUSY, "list-type"), (*BROKEN, "streamd.json"),
                              (*TOO_MANY, ".snap"), ("truncate", 1_000_000, ".snap"), ("truncate", 10, ".all"),
                              ("lose", None, ".all"), ("delay", 0.3, ".snap")):
        fault = way.spoil(kind, value, method="GET", part=part)
        scene.restore()
        assert fault.struck == 1, (kind, part)
    # Small steps, for longer than the idle timeout: no reason to give up.
    drip, before = way.spoil("drip", (600_000, 0.2), method="GET", part=".snap"), len(way.requests)
    scene.restore()
    asked = [target for method, target in way.requests[before:] if ".snap" in target]
    assert drip.struck == 1 and len(asked) == len(set(asked)), asked


def test_a_token_that_is_over(folder):
    scene, way = scene_with_faults(folder)
    scene.installation.start()
    scene.sync()
    over = way.spoil("answer", xml_answer(400, "ExpiredToken"), times=1 << 30)
    scene.writer.transactions(3)
    scene.sees_trouble("ExpiredToken", code=21)
    over.times = 0
    scene.is_well_again()
    scene.restore()


def test_a_clock_ten_minutes_off(folder):
    """The store believes in five minutes; requests are signed with its time, and a warning says so."""
    strict = dataclasses.replace(DIALECTS["aws"], clock_window=300)
    for offset, words in ((600, "600 s behind"), (-600, "600 s ahead of")):
        server = FakeS3(strict)
        server.clock_offset = offset
        scene = Scene(os.path.join(folder, f"clock{offset}"), server)
        scene.installation.start()
        scene.writer.transactions(3)
        scene.is_well_again()
        warned = [line for line in scene.installation.daemon.output().splitlines() if "the clock of this machine" in line]
        assert len(warned) == 1 and words.split()[-1] in warned[0], warned
        scene.restore()
        scene.installation.stop()


def test_ipv6(folder):
    scene = Scene(folder, FakeS3("aws", host="::1"))
    scene.installation.start()
    scene.writer.transactions(3)
    scene.is_well_again()
    scene.restore()


def test_through_a_proxy(folder):
    """Plain http is asked of the proxy, https goes through it; without it nothing does, and that is said."""
    proxy = HttpProxy(folder)
    for name, server, method in (("plain", FakeS3("aws"), "Request"), ("tls", FakeS3("aws", certificates=Certificates(folder)),
                                                                        "CONNECT")):
        scene = Scene(os.path.join(folder, name), server, proxy=proxy.url)
        scene.writer.transactions(3)
        scene.installation.run_once("--once").expect(0)
        scene.restore()
        assert method in proxy.child.output(), proxy.child.output()
    proxy.child.kill()
    out = os.path.join(folder, "out.db")
    failed = scene.installation.restore(scene.database, out).expect(20)
    assert "Failed to connect" in failed.stderr and str(proxy.port) in failed.stderr, failed.stderr


def test_a_key_that_may_not_delete(folder):
    """Backups do not need it; the conformance suite says what is missing."""
    server = FakeS3("spaces")
    server.forbidden = {"delete_object", "delete_objects", "abort_upload"}
    scene = Scene(folder, server, large=6)
    scene.installation.start()
    scene.writer.transactions(3)
    scene.is_well_again()
    scene.restore()
    scene.installation.stop()
    options = os.path.join(folder, "options.toml")
    secrets.allow(options)
    with open(options, "w", encoding="utf-8") as output:
        output.writelines(f"{name} = {toml_value(value)}\n" for name, value in server.options(BUCKET).items())
    command = [case.program("streamctl"), "drivers", "check", "s3", options, "--only", "basic.remove-batch"]
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env={**os.environ, "PATH": os.path.dirname(os.environ["DRIVER_CHECK"]) + ":" + os.environ["PATH"]})
    assert done.returncode == 1 and "AccessDenied" in done.stdout and "does the key's policy allow it?" in done.stdout, done


def test_what_is_wrong_is_said_by_each_store(folder):
    """One sentence each, with what the store says and an exit code for scripts."""
    cases = (("aws", {"region": "eu-west-1"}, 40, "expecting 'us-east-1' (the bucket is in region us-east-1)"),
             ("r2", {"region": "eu-west-1"}, 40, "InvalidRegionName"),
             ("spaces", {"bucket": "another"}, 40, "NoSuchBucket"),
             ("aws", {"bucket": "backups/folder"}, 40, "what comes behind the '/' belongs into path"),
             ("aws", {"secret-access-key": "not it"}, 21, "SignatureDoesNotMatch"),
             ("aws", {"access-key-id": "A" * 20}, 21, "InvalidAccessKeyId"),
             ("r2", {"access-key-id": "A" * 32}, 21, "Unauthorized"),
             ("r2", {"access-key-id": "A" * 20}, 40, "should be 32"))
    for number, (dialect, settings, code, words) in enumerate(cases):
        scene = Scene(os.path.join(folder, str(number)), dialect, **settings)
        failed = scene.installation.restore(scene.database, os.path.join(folder, "out.db")).expect(code)
        assert words in failed.stderr and "hint: " in failed.stderr, failed.stderr
        assert scene.server.secret not in failed.stderr
        scene.server.stop()


def test_a_store_that_asks_for_less(folder):
    """More than a few requests a second are answered 503 SlowDown: it takes longer, nothing else."""
    scene = Scene(folder, "spaces", large=12)
    scene.server.per_second = 4
    scene.installation.start()
    scene.writer.transactions(20)
    scene.is_well_again()
    scene.server.per_second = 0
    scene.writer.transactions(1)  # what could not be aborted meanwhile is, after the next put
    scene.is_well_again()
    scene.restore()
    peak = processes.peak_memory(scene.installation.daemon.pid)
    assert peak <= 64 << 20, f"the daemon used {peak >> 20} MiB"
    scene.installation.stop()
    scene.nothing_lost_or_doubled()


if __name__ == "__main__":
    case.run(globals())
