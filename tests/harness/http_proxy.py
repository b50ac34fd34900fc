"""An HTTP proxy that is not ours: tinyproxy, on loopback."""
import os
import shutil

from harness import case, processes
from harness.object_server import free_ports, listens
from harness.waiting import wait_until

CONFIGURATION = """Port {port}
Listen 127.0.0.1
Timeout 60
MaxClients 50
LogLevel Connect
Allow 127.0.0.1
"""


class HttpProxy:
    def __init__(self, folder):
        if shutil.which("tinyproxy") is None:
            case.skip("tinyproxy is not installed (packaging/dependencies.sh install test)")
        self.port = free_ports(1)
        config = os.path.join(folder, "tinyproxy.conf")
        with open(config, "w", encoding="utf-8") as output:
            output.write(CONFIGURATION.format(port=self.port))
        self.child = processes.Child(["tinyproxy", "-d", "-c", config], os.path.join(folder, "tinyproxy.log"))
        wait_until(lambda: listens(self.port), "tinyproxy")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def carried(self, method):
        """Lines of its log that tell of a request with this method."""
        return [line for line in self.child.output().splitlines() if f"): {method} " in line]
