"""What the S3 servers of the tests have in common."""
import contextlib
import os
import random
import shutil
import socket

from harness import case, processes, s3_request, secrets
from harness.certificates import Certificates
from harness.waiting import wait_until


class ObjectServer:
    """A server on loopback, in `folder`, with http or (tls=True) with https and a certificate of its own authority."""

    programs = ()   # that must be installed
    ports = 1       # in a row that it needs
    key = secret = ""
    host = "127.0.0.1"

    def __init__(self, folder, tls=False, region="us-east-1"):
        for program in self.programs:
            if shutil.which(program) is None:
                case.skip(f"{program} is not installed (packaging/dependencies.sh install test)")
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        secrets.allow(folder)  # it knows its own
        self.region = region
        self.port = free_ports(self.ports)
        self.certificates = Certificates(folder) if tls else None
        self.ca_file = self.certificates.ca_file if tls else ""
        self.children = []
        self.launch()
        wait_until(self.answers, f"the server in {folder}", progress=self.log_size)

    @property
    def endpoint(self):
        return f"{'https' if self.certificates else 'http'}://{self.host}:{self.port}"

    def launch(self):
        raise NotImplementedError

    def run(self, name, command, environment=None):
        child = processes.Child(command, os.path.join(self.folder, name + ".log"), environment)
        self.children.append(child)
        return child

    def log_size(self):
        return sum(os.path.getsize(child.log) for child in self.children)

    def answers(self):
        for child in self.children:
            assert child.running(), f"{child.command[0]} ended while starting\n{child.output()}"
        with contextlib.suppress(OSError):
            return s3_request.send(self, "GET", "/")[0] == 200
        return False

    def stop(self):
        for child in reversed(self.children):
            child.kill()

    def options(self, bucket, **more):
        """The options of the driver s3 for a bucket here."""
        found = {"bucket": bucket, "endpoint": self.endpoint, "region": self.region, "access-key-id": self.key,
                 "secret-access-key": self.secret}
        if self.ca_file:
            found["ca-file"] = self.ca_file
        return {**found, **more}


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_ports(count):
    """The first of `count` free ports in a row, below those that the kernel gives away."""
    for _ in range(200):
        first = random.SystemRandom().randrange(12000, 32000 - count)
        if all(is_free(port) for port in range(first, first + count)):
            return first
    case.skip(f"no {count} free ports in a row on loopback")
