"""OpenStack Swift with its S3 layer (Debian: swift-proxy swift-account swift-container swift-object memcached)."""
import os
import pwd
import subprocess

from harness.object_server import ObjectServer, listens
from harness.waiting import wait_until

PYTHON = "/usr/bin/python3"  # the one that Debian's modules are for
HASHES = """[swift-hash]
swift_hash_path_prefix = t
swift_hash_path_suffix = t
[storage-policy:0]
name = Policy-0
default = yes
"""
COMMON = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
log_level = WARNING
log_address = {folder}/none
devices = {folder}/devices
mount_check = false
recon_cache_path = {folder}/cache
eventlet_debug = false
backlog = 1024
"""
PROXY = """
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache s3api tempauth bulk slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {secret} .admin
[filter:s3api]
use = egg:swift#s3api
location = {region}
storage_domain = s3.localhost
s3_acl = false
check_bucket_owner = false
max_upload_part_num = 10000
[filter:slo]
use = egg:swift#slo
max_manifest_segments = 10000
min_time_between_updates = 0
rate_limit_after_segment = 100000
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcache}
"""
# One replica, one device, two partitions.
RINGS = """
import sys
from swift.common.ring import RingBuilder
for number, kind in enumerate(("object", "container", "account"), 1):
    ring = RingBuilder(1, 1, 0)
    port = int(sys.argv[1]) + number
    ring.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1",
                  "replication_port": port, "device": "d1", "weight": 1.0, "meta": ""})
    ring.rebalance()
    ring.get_ring().save(kind + ".ring.gz")
"""


class Swift(ObjectServer):
    """Strict: a wrong region, a wrong payload hash and a missing Content-MD5 are errors. Refuses If-None-Match."""

    programs = ("swift-proxy-server", "swift-object-server", "swift-container-server", "swift-account-server", "memcached")
    ports = 5  # proxy, object, container, account, memcached
    key = "test:tester"
    secret = "swift-s3-secret"

    def launch(self):
        for name in ("devices/d1", "cache"):
            os.makedirs(os.path.join(self.folder, name))
        self._write("swift.conf", HASHES)
        sections = "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n"
                           for name in ("bulk", "dlo", "catch_errors", "gatekeeper", "healthcheck"))
        tls = ""
        if self.certificates:
            tls = f"cert_file = {self.certificates.certificate}\nkey_file = {self.certificates.key}\n"
        self._write("proxy-server.conf", self._common(self.port) + tls + PROXY.format(
            region=self.region, memcache=self.port + 4, secret=self.secret) + sections)
        for number, kind in enumerate(("object", "container", "account"), 1):
            self._write(f"{kind}-server.conf", self._common(self.port + number) +
                        f"[pipeline:main]\npipeline = {kind}-server\n[app:{kind}-server]\nuse = egg:swift#{kind}\n")
        subprocess.run([PYTHON, "-c", RINGS, str(self.port)], cwd=self.folder, check=True, capture_output=True)
        as_root = ["-u", "root"] if os.geteuid() == 0 else []
        self.run("memcached", ["memcached", *as_root, "-l", "127.0.0.1", "-p", str(self.port + 4), "-U", "0", "-m", "16"])
        for kind in ("object", "container", "account", "proxy"):
            if kind == "proxy":  # it shuns for a minute what does not answer at first
                backends = range(self.port + 1, self.port + 5)
                wait_until(lambda ports=backends: all(map(listens, ports)), f"what Swift in {self.folder} is made of", self.log_size)
            program = f"/usr/bin/swift-{kind}-server"
            self.run(kind, [PYTHON, program, os.path.join(self.folder, f"{kind}-server.conf"), "-v"],
                     {"LC_ALL": "C.UTF-8"})

    def _common(self, port):
        return COMMON.format(port=port, user=pwd.getpwuid(os.geteuid()).pw_name, folder=self.folder)

    def _write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as output:
            output.write(text)
