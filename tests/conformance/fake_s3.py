"""Our fake S3 is judged by other people's clients, and must refuse what the stores that it stands for refuse."""
import hashlib
import os
import random
import shutil
import subprocess

from harness import case, s3_request
from support.fake_s3 import FakeS3

BUCKET = "backups"


def client(name):
    if shutil.which(name) is None:
        case.skip(f"{name} is not installed (packaging/dependencies.sh install test)")
    return name


class Client:
    """A command line program that is pointed at the server."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        self.large = self.file("large", 12 << 20)  # three parts
        self.small = self.file("small", 1000)

    def file(self, name, size):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as output:
            output.write(random.Random(name).randbytes(size))
        return path

    def run(self, command, code=0, environment=None):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, check=False,
                              env={**clean, "HOME": self.folder, **(environment or {})})
        ended = f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        assert (done.returncode == 0) == (code == 0), ended
        return done.stdout + done.stderr


class S3cmd(Client):
    def __call__(self, *words, secret=None, code=0):
        host = f"{self.server.host}:{self.server.port}"
        return self.run([client("s3cmd"), "-c", "/dev/null", "--no-ssl", "--no-progress", f"--host={host}", f"--host-bucket={host}",
                         f"--access_key={self.server.key}", f"--secret_key={secret or self.server.secret}",
                         f"--region={self.server.region}", "--multipart-chunk-size-mb=5", *words], code)


class Rclone(Client):
    def __call__(self, *words, secret=None, code=0):
        settings = {"type": "s3", "provider": {"r2": "Cloudflare", "spaces": "Ceph"}[self.server.dialect.name],
                    "access_key_id": self.server.key, "secret_access_key": secret or self.server.secret,
                    "endpoint": self.server.endpoint, "region": self.server.region, "chunk_size": "5Mi",
                    "force_path_style": "true", "no_check_bucket": "true", "upload_cutoff": "5Mi"}
        return self.run([client("rclone"), "--config", "/dev/null", "--retries", "1", "--low-level-retries", "2", *words], code,
                        {f"RCLONE_CONFIG_FAKE_{name.upper()}": value for name, value in settings.items()})


def same(first, second):
    with open(first, "rb") as one, open(second, "rb") as other:
        return hashlib.file_digest(one, "sha256").digest() == hashlib.file_digest(other, "sha256").digest()


def test_s3cmd_at_spaces(folder):
    server = FakeS3("spaces")
    s3cmd = S3cmd(server, folder)
    s3cmd("mb", f"s3://{BUCKET}")
    s3cmd("put", s3cmd.small, f"s3://{BUCKET}/a b+c/\u00e4%.small")
    s3cmd("put", s3cmd.large, f"s3://{BUCKET}/large")
    assert server.counts()["put_part"] == 3, server.counts()
    assert "a b+c/\u00e4%.small" in s3cmd("ls", "-r", f"s3://{BUCKET}")
    assert "a b+c/" in s3cmd("ls", f"s3://{BUCKET}")
    got = os.path.join(folder, "got")
    shutil.copy(s3cmd.large, got)
    os.truncate(got, 7 << 20)
    s3cmd("get", "--continue", f"s3://{BUCKET}/large", got)  # a ranged get of what is missing
    assert same(got, s3cmd.large)
    assert any("range" in request.headers for request in server.requests)
    assert "403 (SignatureDoesNotMatch)" in s3cmd("ls", f"s3://{BUCKET}", secret="not the secret", code=1)
    s3cmd("del", "-r", "--force", f"s3://{BUCKET}/")
    assert not server.buckets[BUCKET].objects
    server.stop()


def test_rclone_at_both(folder):
    for dialect in ("r2", "spaces"):
        home = os.path.join(folder, dialect)
        os.makedirs(home)
        server = FakeS3(dialect)
        server.make_bucket(BUCKET)
        rclone = Rclone(server, home)
        for path in (rclone.small, rclone.large):
            rclone("copyto", path, f"fake:{BUCKET}/x y/{os.path.basename(path)}")
        assert server.counts()["put_part"] == 3, server.counts()
        assert {"x y/", "x y/large", "x y/small"} <= set(rclone("lsf", "-R", f"fake:{BUCKET}").split("\n"))
        rclone("check", "--download", home, f"fake:{BUCKET}/x y", "--include", "/large", "--include", "/small")
        part = os.path.join(home, "part")
        rclone("copyto", f"fake:{BUCKET}/x y/large", part, "--multi-thread-cutoff", "5Mi", "--multi-thread-streams", "2")
        assert same(part, rclone.large)
        assert any("range" in request.headers for request in server.requests)
        rclone("lsf", f"fake:{BUCKET}", secret="not the secret", code=1)
        rclone("delete", f"fake:{BUCKET}")
        assert not server.buckets[BUCKET].objects
        server.stop()


def refusal(server, method, path, query=None, body=b"", **headers):
    """(status, code) of a request that is refused."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    status, answer = s3_request.send(server, method, path, query, body, headers)
    return status, answer.decode().partition("<Code>")[2].partition("<")[0]


def test_what_every_store_refuses(_folder):
    server = FakeS3("aws")
    server.make_bucket(BUCKET)
    key = f"/{BUCKET}/k"
    assert s3_request.send(server, "PUT", key, None, b"x")[0] == 200
    assert refusal(server, "PUT", key, None, b"x", x_amz_content_sha256="0" * 64) == (400, "XAmzContentSHA256Mismatch")
    assert refusal(server, "PUT", key, None, b"x", content_md5="rL0Y20zC+Fzt72VPzMSk2A==") == (400, "BadDigest")
    assert refusal(server, "GET", key, None, b"", x_amz_date="20200101T000000Z") == (403, "RequestTimeTooSkewed")
    assert refusal(server, "GET", f"/{BUCKET}", {"x-id": "ListObjects"}) == (501, "NotImplemented")
    assert refusal(server, "GET", "/another/k") == (404, "NoSuchBucket")
    assert refusal(server, "GET", key + "2") == (404, "NoSuchKey")
    assert refusal(server, "GET", key, None, b"", range="bytes=7-") == (416, "InvalidRange")
    assert refusal(server, "PUT", key, None, b"", if_none_match="*") == (412, "PreconditionFailed")
    assert refusal(server, "POST", f"/{BUCKET}", {"delete": ""}, b"<Delete/>") == (400, "InvalidRequest")
    for name, wrong, code in (("secret", "not the secret", (403, "SignatureDoesNotMatch")),
                              ("key", "A" * 20, (403, "InvalidAccessKeyId")),
                              ("region", "eu-west-1", (400, "AuthorizationHeaderMalformed"))):
        other = type("Stranger", (), {**{part: getattr(server, part) for part in ("host", "port", "key", "secret", "region",
                                                                                "ca_file")}, name: wrong})
        assert refusal(other, "GET", key) == code
    server.stop()


def upload(server, sizes):
    """What CompleteMultipartUpload answers for parts of these sizes."""
    path = f"/{BUCKET}/large"
    begun = s3_request.send(server, "POST", path, {"uploads": ""})[1].decode()
    identity = begun.partition("<UploadId>")[2].partition("<")[0]
    for number, size in enumerate(sizes, 1):
        assert s3_request.send(server, "PUT", path, {"partNumber": str(number), "uploadId": identity}, bytes(size))[0] == 200
    parts = server.buckets[BUCKET].uploads[identity].parts
    body = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{part.etag}</ETag></Part>" for number, part in parts.items())
    return refusal(server, "POST", path, {"uploadId": identity},
                   f"<CompleteMultipartUpload>{body}</CompleteMultipartUpload>".encode())


def test_what_r2_and_spaces_refuse(_folder):
    r2, spaces, mib = FakeS3("r2"), FakeS3("spaces"), 1 << 20
    for server in (r2, spaces):
        server.make_bucket(BUCKET)
        assert refusal(server, "PUT", f"/{BUCKET}/k", x_amz_content_sha256="STREAMING-AWS4-HMAC-SHA256-PAYLOAD") == (
            501, "NotImplemented")
        assert refusal(server, "PUT", f"/{BUCKET}/k", x_amz_storage_class="") == (501, "NotImplemented")
        assert upload(server, [mib, mib])[1] == "EntityTooSmall"
        assert upload(server, [5 * mib, 5 * mib, 7]) == (200, "")
    assert upload(r2, [5 * mib, 6 * mib, 7])[1] == "InvalidPart"
    assert upload(r2, [5 * mib, 6 * mib])[1] == "InvalidPart"
    assert upload(spaces, [5 * mib, 6 * mib, 7]) == (200, "")
    assert refusal(spaces, "PUT", f"/{BUCKET}/new", if_none_match="*") == (501, "NotImplemented")
    assert refusal(r2, "PUT", f"/{BUCKET}/new", if_none_match="*") == (200, "")
    spaces.per_second = 3
    assert (503, "SlowDown") in [refusal(spaces, "GET", f"/{BUCKET}/new") for _ in range(8)]
    r2.region = "us-west-2"
    assert refusal(r2, "GET", f"/{BUCKET}/new") == (400, "InvalidRegionName")
    for server in (r2, spaces):
        server.stop()


if __name__ == "__main__":
    case.run(globals())
