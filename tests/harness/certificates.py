"""A certificate authority of a test's own, and a certificate for servers on loopback."""
import os
import shutil
import subprocess

from harness import case

NAMES = "IP:127.0.0.1,DNS:localhost,DNS:s3.localhost,DNS:*.s3.localhost"
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Certificates:
    """ca_file (to be trusted), certificate (with the chain), key: paths in `folder`."""

    def __init__(self, folder, names=NAMES, days=30):
        """`days`: how long the server's is valid; -1 = it is not any more."""
        if shutil.which("openssl") is None:
            case.skip("openssl, which makes certificates, is not installed")
        os.makedirs(folder, exist_ok=True)
        self.ca_file = os.path.join(folder, "ca.pem")
        self.certificate = os.path.join(folder, "chain.pem")
        self.key = os.path.join(folder, "server.key")
        run = lambda *words: subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
        run("req", "-x509", *NEW_KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=test CA",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
        run("req", *NEW_KEY, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
        with open(os.path.join(folder, "extensions"), "w", encoding="utf-8") as output:
            output.write(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
        run("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", str(days),
            "-extfile", "extensions", "-out", "server.pem")
        with open(self.certificate, "wb") as output:
            for name in ("server.pem", "ca.pem"):
                with open(os.path.join(folder, name), "rb") as part:
                    output.write(part.read())
