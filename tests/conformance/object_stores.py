"""object_stores.py [TEST...]: the conformance suite on the drivers of the S3 family, against servers
that are not ours and that verify signatures."""
import os
import socket
import subprocess
import sys

from harness import case, processes, s3_request
from harness.bad_network import BadNetwork
from harness.ceph import Ceph
from harness.certificates import Certificates
from harness.daemon import toml_value
from harness.swift import Swift
from harness.waiting import wait_until
from support.fake_s3 import FakeS3

BUCKET = "conformance"
LIGHT = ("--large", "16", "--seconds", "2")
# What may be skipped, and why; any other skip is a failure.
ORDERED = {"list.start-after-refused"}
NO_IF_ABSENT = ORDERED | {"atomic.if-absent-race"}
# Swift's object server looks which file holds an object and then opens it: one that is replaced in
# between it calls missing. streamd never puts over an object that it will read.
SWIFT_RACES = ("atomic.reader-beside-writer",)


def driver(name):
    for folder in os.environ["STREAMD_DRIVER_PATH"].split(":"):
        path = os.path.join(folder, f"libstreamd-{name}.so")
        if os.path.exists(path):
            return path
    return case.skip(f"the driver {name} is not built here")


def configuration(folder, name, server, **options):
    """Makes the bucket; returns the path of a file with the driver's options."""
    s3_request.make_bucket(server, BUCKET)
    settings = server.options(BUCKET, **{"part-size": 5 << 20, **options})
    config = os.path.join(folder, "check.toml")
    with open(config, "w", encoding="utf-8") as output:
        for key, value in settings.items():
            if key == "region" and name == "r2":
                continue  # it has none
            size = f"{value >> 20}MiB" if key == "part-size" else value
            output.write(f"{key} = {toml_value(size)}\n")
    return config


def run_suite(name, config, *arguments):
    done = subprocess.run([os.environ["DRIVER_CHECK"], *LIGHT, *arguments, driver(name), config],
                          stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, flush=True)
    return done, {line.split()[1]: line for line in done.stdout.splitlines() if line.startswith("fail")}


def check(folder, name, server, skips, objects, races=(), **options):
    """`races`: checks that the server itself may lose now and then; such a one must pass when it is run again."""
    config = configuration(folder, name, server, **options)
    done, failed = run_suite(name, config, "--objects", str(objects))
    if failed and failed.keys() <= set(races):
        assert all("no such object" in line for line in failed.values()), failed
        only = [word for check_name in failed for word in ("--only", check_name)]
        again = [run_suite(name, config, *only)[1] for _ in range(3)]
        assert {} in again, f"never passed: {again}"
    else:
        assert done.returncode == 0, f"the suite failed with exit code {done.returncode}"
    skipped = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("skip")}
    assert skipped == skips, f"skipped were {sorted(skipped)}"
    left = [key for key in s3_request.keys(server, BUCKET) if key != ".streamd-probe"]
    assert not left, f"the suite left {left[:5]}"
    assert s3_request.open_uploads(server, BUCKET) == 0, "an upload was neither completed nor aborted"


def test_s3_ceph(folder):
    check(folder, "s3", Ceph(os.path.join(folder, "ceph")), ORDERED, 2500)


def test_s3_ceph_tls(folder):
    check(folder, "s3", Ceph(os.path.join(folder, "ceph"), tls=True), ORDERED, 300)


def test_s3_swift(folder):
    check(folder, "s3", Swift(os.path.join(folder, "swift"), region="eu-west-1"), NO_IF_ABSENT, 300, SWIFT_RACES)


def test_spaces_swift_tls(folder):
    """With the bucket in the host's name, as Spaces has it."""
    server = Swift(os.path.join(folder, "swift"), tls=True, region="nyc3")
    endpoint = server.endpoint.replace("127.0.0.1", "s3.localhost")
    check(folder, "spaces", server, NO_IF_ABSENT, 300, SWIFT_RACES, endpoint=endpoint)


def test_r2_swift(folder):
    check(folder, "r2", Swift(os.path.join(folder, "swift"), region="auto"), NO_IF_ABSENT, 300, SWIFT_RACES)


def test_r2_fake(folder):
    """With what R2 refuses and no server that can be installed does; if-absent honoured."""
    server = FakeS3("r2")
    check(folder, "r2", server, ORDERED, 1500)
    assert server.counts()["put_part"] > 0, "no upload went in parts"


def test_spaces_fake_tls(folder):
    """The bucket in the host's name; if-absent refused; throttled far below what Spaces allows."""
    server = FakeS3("spaces", certificates=Certificates(folder))
    server.per_second = 1500
    check(folder, "spaces", server, NO_IF_ABSENT, 300, endpoint=server.endpoint.replace("127.0.0.1", server.base))
    assert server.counts()["put_part"] > 0, "no upload went in parts"


def test_server_dies(folder):
    """In the middle of everything, over TLS: errors, but no signal and no hang."""
    server = Ceph(os.path.join(folder, "ceph"), tls=True)
    config = configuration(folder, "s3", server)
    child = processes.Child([os.environ["DRIVER_CHECK"], "--only", "load", "--seconds", "60", driver("s3"), config],
                            os.path.join(folder, "check.log"))
    wait_until(lambda: len(s3_request.keys(server, BUCKET)) > 20, "objects under load")
    server.children[-1].kill()
    code = child.wait()
    assert code == 1, f"exit code {code}\n{child.output()}"
    assert "fail  load.mixed" in child.output(), child.output()


def test_ipv6(folder):
    server = Ceph(os.path.join(folder, "ceph"))
    network = BadNetwork(server.port, host="::1")
    config = configuration(folder, "s3", server, endpoint=f"http://[::1]:{network.port}")
    subprocess.run([os.environ["DRIVER_CHECK"], "--only", "basic", driver("s3"), config], check=True)
    network.close()


def test_streamctl_drivers_check(folder):
    """The command that a user runs against a real bucket: says what the store can do, and leaves nothing."""
    server = Ceph(os.path.join(folder, "ceph"))
    config = configuration(folder, "s3", server)
    s3_request.send(server, "PUT", f"/{BUCKET}/mine", None, b"x")
    command = [case.program("streamctl"), "drivers", "check", "s3", config, "--only", "basic", "--only", "atomic.if-absent",
               "--large", "1"]
    path = os.path.dirname(os.environ["DRIVER_CHECK"]) + ":" + os.environ["PATH"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path})
    assert done.returncode == 0 and " 0 failed" in done.stdout, done.stdout + done.stderr
    assert "put if absent: yes, lists in order: yes" in done.stdout and "keys a remove: 1000" in done.stdout, done.stdout
    assert s3_request.keys(server, BUCKET) == [".streamd-probe", "mine"]


def test_large_object(folder):
    """Memory does not grow with the object: 256 MiB go there and back."""
    server = Ceph(os.path.join(folder, "ceph"))
    config = configuration(folder, "s3", server, **{"part-size": 16 << 20})
    peaks = []
    for large in ("1", "256"):
        child = subprocess.Popen([os.environ["DRIVER_CHECK"], "--only", "basic.large-object", "--large", large,
                                  driver("s3"), config])
        _, status, usage = os.wait4(child.pid, 0)
        assert status == 0, f"the check with {large} MiB failed with status {status}"
        peaks.append(usage.ru_maxrss >> 10)
    print(f"peak memory with 1 MiB and with 256 MiB: {peaks} MiB")
    assert peaks[1] - peaks[0] <= 16, peaks


ACCOUNT = "0123456789abcdef0123456789abcdef"
HOSTS = (  # driver, options, the host that it turns to
    ("s3", {"region": "eu-west-1"}, "my-bucket.s3.eu-west-1.amazonaws.com"),
    ("s3", {"region": "eu-west-1", "dual-stack": True}, "my-bucket.s3.dualstack.eu-west-1.amazonaws.com"),
    ("s3", {"profile": "wasabi", "region": "eu-central-1"}, "s3.eu-central-1.wasabisys.com"),
    ("spaces", {"region": "nyc3"}, "my-bucket.nyc3.digitaloceanspaces.com"),
    ("r2", {"account-id": ACCOUNT}, f"{ACCOUNT}.r2.cloudflarestorage.com"),
    ("r2", {"account-id": ACCOUNT, "jurisdiction": "eu"}, f"{ACCOUNT}.eu.r2.cloudflarestorage.com"),
)


def test_default_endpoints(folder):
    """The drivers' own endpoints, as a proxy is asked for them; nothing leaves the machine."""
    config = os.path.join(folder, "check.toml")
    for name, options, host in HOSTS:
        with socket.create_server(("127.0.0.1", 0)) as proxy:
            settings = {"bucket": "my-bucket", "access-key-id": "k", "secret-access-key": "s",
                        "proxy": f"http://127.0.0.1:{proxy.getsockname()[1]}", **options}
            with open(config, "w", encoding="utf-8") as output:
                output.writelines(f"{key} = {toml_value(value)}\n" for key, value in settings.items())
            child = processes.Child([os.environ["DRIVER_CHECK"], "--only", "basic.one-byte", driver(name), config],
                                    os.path.join(folder, "check.log"))
            proxy.settimeout(60)
            connection = proxy.accept()[0]
            asked = connection.recv(4096).decode().splitlines()[0]
            connection.close()
            child.kill()
        assert asked == f"CONNECT {host}:443 HTTP/1.1", f"{name} {options}: {asked}"


def test_options_that_make_no_sense(folder):
    config = os.path.join(folder, "check.toml")
    for name, options, words in (("r2", {}, "account-id must be"),
                                 ("r2", {"account-id": ACCOUNT, "jurisdiction": "moon"}, "jurisdiction must be"),
                                 ("spaces", {}, "region is not set"),
                                 ("s3", {"region": "x", "part-size": "1MiB"}, "part-size must be")):
        with open(config, "w", encoding="utf-8") as output:
            output.writelines(f"{key} = {toml_value(value)}\n" for key, value in {"bucket": "my-bucket", **options}.items())
        done = subprocess.run([os.environ["DRIVER_CHECK"], driver(name), config], capture_output=True, text=True, check=False)
        assert done.returncode != 0 and words in done.stdout + done.stderr, f"{name}: {done.stdout}{done.stderr}"


if __name__ == "__main__":
    case.run(globals())
