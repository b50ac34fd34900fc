"""Ceph's S3 server, radosgw, with one monitor and one object store in memory (Debian: radosgw ceph-mon ceph-osd)."""
import os
import subprocess
import uuid

from harness.object_server import ObjectServer
from harness.waiting import wait_until

CONFIGURATION = """[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon2},v1:127.0.0.1:{mon1}]
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
auth cluster required = none
auth service required = none
auth client required = none
# radosgw wants "secure", which cannot go with auth none
ms mon client mode = crc
auth allow insecure global id reclaim = true
run dir = {folder}
admin socket =
log file = {folder}/$name.log
pid file =
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
osd crush chooseleaf type = 0
ms bind port min = {osd_first}
ms bind port max = {osd_last}
osd class load list = *
osd class default list = *
[mon]
mon data = {folder}/mon
mon initial members = a
mon cluster log file = {folder}/cluster.log
mon data avail crit = 1
mon data avail warn = 2
paxos propose interval = 0.05
paxos min wait = 0.01
mon max pg per osd = 1000
[osd]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 4294967296
osd scrub during recovery = false
[client.rgw.a]
rgw data = {folder}/rgw
rgw frontends = beast {frontend} tcp_nodelay=1
rgw dns name = s3.localhost
rgw enable usage log = false
rgw thread pool size = 16
rgw lc debug interval = -1
"""


class Ceph(ObjectServer):
    """Verifies signatures and payload hashes, honours If-None-Match; does not look at the region."""

    programs = ("radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "monmaptool")
    ports = 30
    key = "AKIATESTCEPH00000001"
    secret = "cephsecretkey"

    def launch(self):
        self.config = os.path.join(self.folder, "ceph.conf")
        frontend = f"endpoint=127.0.0.1:{self.port}"
        if self.certificates:
            frontend = (f"ssl_endpoint=127.0.0.1:{self.port} ssl_certificate={self.certificates.certificate} "
                        f"ssl_private_key={self.certificates.key}")
        fsid = str(uuid.uuid4())
        with open(self.config, "w", encoding="utf-8") as output:
            output.write(CONFIGURATION.format(
                fsid=fsid, folder=self.folder, frontend=frontend, mon2=self.port + 1, mon1=self.port + 2,
                osd_first=self.port + 3, osd_last=self.port + self.ports - 1))
        for name in ("mon", "osd", "rgw"):
            os.makedirs(os.path.join(self.folder, name))
        self._monitor(fsid)
        self._object_store()
        self._tool("radosgw-admin", "user", "create", "--uid=t", "--display-name=t", f"--access-key={self.key}",
                   f"--secret-key={self.secret}")
        self.run("rgw", ["radosgw", "-c", self.config, "-f", "-n", "client.rgw.a"])

    def _monitor(self, fsid):
        monitors = os.path.join(self.folder, "monmap")
        addresses = f"[v2:127.0.0.1:{self.port + 1},v1:127.0.0.1:{self.port + 2}]"
        self._command(["monmaptool", "--create", "--addv", "a", addresses, "--fsid", fsid, "--set-min-mon-release", "16",
                       monitors])
        self._tool("ceph-mon", "--mkfs", "-i", "a", "--monmap", monitors)
        self.run("mon", ["ceph-mon", "-c", self.config, "-f", "-i", "a"])
        wait_until(lambda: self._tool("ceph", "--connect-timeout", "3", "mon", "stat", check=False), "Ceph's monitor")

    def _object_store(self):
        identity = str(uuid.uuid4())
        self._tool("ceph", "osd", "new", identity, "0")
        self._tool("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", identity)
        self.run("osd", ["ceph-osd", "-c", self.config, "-f", "-i", "0"])
        self._tool("ceph", "osd", "crush", "create-or-move", "0", "1.0", "root=default", "host=h")
        wait_until(lambda: "1 up" in self._tool("ceph", "osd", "stat"), "Ceph's object store",
                   progress=self.log_size)

    def _tool(self, program, *words, check=True):
        return self._command([program, "-c", self.config, *words], check)

    def _command(self, command, check=True):
        """What it printed; "" when it failed and may."""
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120,
                              env={**os.environ, "CEPH_CONF": self.config}, check=False)
        assert not check or done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
        return (done.stdout or " ") if done.returncode == 0 else ""
