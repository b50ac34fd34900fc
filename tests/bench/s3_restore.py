#!/usr/bin/env python3
"""A large database back from an S3 server on loopback (Ceph's radosgw): streamd, Litestream 0.3.13, and curl for the same bytes.

usage: STREAMD=... STREAMCTL=... STREAMD_DRIVER_PATH=... STREAMD_TEST_CACHE=... PYTHONPATH=tests tests/bench/s3_restore.py [--megabytes N] [--rounds N]
"""
import argparse
import filecmp
import os
import shutil
import statistics
import subprocess
import tempfile
import time

import litestream
from encryption import fill
from harness import case, processes, s3_request
from harness.ceph import Ceph
from harness.daemon import Database, Installation, file_replica

BUCKET = "backups"
SIGNED = ["-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD", "--aws-sigv4", "aws:amz:us-east-1:s3"]


def seconds(command, **environment):
    begin = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})
    elapsed = time.monotonic() - begin
    assert done.returncode == 0, (command, done.stderr)
    return elapsed


def replicate(server, home, database):
    """With streamd to the server and to a folder; the configuration's path."""
    replicas = [{"name": "s3", "driver": "s3", "path": "streamd", **server.options(BUCKET, profile="ceph")},
                {**file_replica(os.path.join(home, "folder")), "name": "folder"}]
    installation = Installation(home, [Database(database, replicas)])
    installation.start()
    installation.sync(installation.databases[0])
    installation.stop()
    return installation.config


def replicate_with_litestream(server, home, database):
    """To the same server; the configuration's path. What it holds when nothing has come for three seconds is all."""
    config = os.path.join(home, "litestream.yml")
    with open(config, "w", encoding="ascii") as output:
        output.write(f"access-key-id: {server.key}\nsecret-access-key: {server.secret}\ndbs:\n  - path: {database}\n    replicas:\n"
                     f"      - type: s3\n        bucket: {BUCKET}\n        path: litestream\n        endpoint: {server.endpoint}\n"
                     "        region: us-east-1\n        force-path-style: true\n")
    daemon = processes.Child([os.environ["LITESTREAM"], "replicate", "-config", config], os.path.join(home, "litestream.log"))
    seen, since = [], time.monotonic()
    while time.monotonic() - since < 3 or not any("snapshots" in key for key in seen):
        now = s3_request.keys(server, BUCKET, "litestream")
        if now != seen:
            seen, since = now, time.monotonic()
        time.sleep(.2)
    daemon.terminate()
    return config


def curl(server, folder):
    """All of streamd's objects, one after the other over one connection."""
    config = os.path.join(folder, "curl.conf")
    with open(config, "w", encoding="ascii") as output:
        for key in s3_request.keys(server, BUCKET, "streamd/generations"):
            output.write(f'url = "{server.endpoint}/{BUCKET}/{key}"\noutput = "/dev/null"\n')
    return ["curl", "-sSf", *SIGNED, "--user", f"{server.key}:{server.secret}", "-K", config]


def measure(folder, server, options):
    s3_request.make_bucket(server, BUCKET)
    home, database = os.path.join(folder, "home"), os.path.join(folder, "home", "app.db")
    os.makedirs(home)
    fill(database, options.megabytes)
    config = replicate(server, home, database)
    expected, out = os.path.join(folder, "expected.db"), os.path.join(folder, "out.db")
    shutil.copy(database, expected)
    theirs = replicate_with_litestream(server, home, database)  # which writes tables of its own into it
    streamctl = [case.program("streamctl"), "restore", database, "-o", out, "--replica"]
    commands = {"curl": curl(server, folder), "streamd, folder": [*streamctl, "folder"], "streamd, S3": [*streamctl, "s3"],
                "Litestream, S3": [os.environ["LITESTREAM"], "restore", "-config", theirs, "-o", out, database]}
    found = {name: [] for name in commands}
    for number in range(options.rounds):
        for name, command in commands.items():
            found[name].append(seconds(command, STREAMD_CONFIG=config))
            if not os.path.exists(out):
                continue
            assert number > 0 or name.startswith("Lite") or filecmp.cmp(expected, out, shallow=False), f"{name}: another database"
            os.remove(out)
    return {name: statistics.median(each) for name, each in found.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    os.environ["LITESTREAM"] = litestream.binary(os.environ["STREAMD_TEST_CACHE"])
    with tempfile.TemporaryDirectory() as folder:
        server = Ceph(os.path.join(folder, "ceph"))
        try:
            found = measure(folder, server, options)
        finally:
            server.stop()
    for name, each in found.items():
        print(f"{name}: {each:.2f} s")
    print(f"streamd, S3 : (curl + streamd, folder) = {found['streamd, S3'] / (found['curl'] + found['streamd, folder']):.2f}")
    print(f"streamd, S3 : Litestream, S3 = {found['streamd, S3'] / found['Litestream, S3']:.2f}")


if __name__ == "__main__":
    main()
