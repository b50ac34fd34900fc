"""Other people's clients use our fake of Backblaze B2: rclone, and the vendor's own SDK for Python, whose simulator is also
asked whether it would have answered the same."""
import io
import os
import shutil
import subprocess

from harness import case
from support.fake_b2 import FakeB2

BUCKET = "strangers"
BIG = 12_000_000


def served():
    server = FakeB2()
    server.store.add_bucket(BUCKET)
    return server, server.keys.add(bucket=BUCKET)


def write(folder, name, content):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as output:
        output.write(content)


class Rclone:
    def __init__(self, server, key):
        if shutil.which("rclone") is None:
            case.skip("rclone is not installed (packaging/dependencies.sh install test)")
        self.secret = key.secret
        self.command = ["rclone", "--retries", "1", "--low-level-retries", "2", "--b2-account", key.id, "--b2-endpoint",
                        server.endpoint, "--b2-chunk-size", "5M", "--b2-upload-cutoff", "6M"]

    def run(self, *words, secret=None):
        return subprocess.run([*self.command, "--b2-key", secret or self.secret, *words], capture_output=True, check=False,
                              stdin=subprocess.DEVNULL, env={**os.environ, "RCLONE_CONFIG": os.devnull})

    def __call__(self, *words):
        done = self.run(*words)
        assert done.returncode == 0, f"rclone {words}: {done.stderr.decode()}"
        return done.stdout


def test_rclone(folder):
    server, key = served()
    rclone = Rclone(server, key)
    there, here = f":b2:{BUCKET}/t", os.path.join(folder, "t")
    big = os.urandom(BIG)
    for number in range(20):
        write(here, f"f {number} +%.txt", f"file {number}".encode())
    for name, content in (("big", big), ("empty", b""), ("日本/ž#?&=.txt", b"x")):
        write(here, name, content)
    rclone("copy", here, there)
    rclone("check", here, there)  # sizes and SHA-1
    rclone("check", "--download", here, there)
    assert rclone("cat", "--offset", "5", "--count", "10", there + "/big") == big[5:15]
    assert server.calls["b2_upload_part"] == 3
    names = rclone("lsf", "-R", "--files-only", there).decode().splitlines()
    assert len(names) == 23 and "日本/ž#?&=.txt" in names, names
    for content in (b"two", b"three"):
        write(here, "again", content)
        rclone("copyto", os.path.join(here, "again"), there + "/again")
    assert rclone("--b2-versions", "lsf", there).count(b"again") == 2
    rclone("deletefile", there + "/again")
    assert server.store.everything(BUCKET)["t/again"] == ["hide", "upload", "upload"]
    rclone("delete", there)
    assert rclone("lsf", "-R", "--files-only", f":b2:{BUCKET}") == b""
    rclone("cleanup", f":b2:{BUCKET}")
    rclone("--b2-hard-delete", "copyto", os.path.join(here, "again"), f":b2:{BUCKET}/hard")
    rclone("--b2-hard-delete", "deletefile", f":b2:{BUCKET}/hard")
    assert "hard" not in server.store.everything(BUCKET)
    refused = rclone.run("lsf", f":b2:{BUCKET}", secret="wrong")
    assert refused.returncode != 0 and b"bad_auth_token" in refused.stderr, refused.stderr
    # It goes on where uploads fail and tokens expire.
    rclone.command[rclone.command.index("--low-level-retries") + 1] = "10"
    for mode in ("fail_some_uploads", "expire_some_account_authorization_tokens"):
        rclone("--b2-test-mode", mode, "copy", here, f":b2:{BUCKET}/{mode}")
        rclone("check", here, f":b2:{BUCKET}/{mode}")
    capped = rclone.run("--b2-test-mode", "force_cap_exceeded", "copy", here, f":b2:{BUCKET}/capped")
    assert capped.returncode != 0 and b"cap_exceeded" in capped.stderr, capped.stderr
    server.close()


def sdk():
    try:
        import b2sdk.v2
    except ImportError:
        case.skip("python3-b2sdk is not installed (packaging/dependencies.sh install test)")
    return b2sdk.v2


def content_of(version):
    output = io.BytesIO()
    version.save(output)
    return output.getvalue()


def outcome(action):
    """What came of it: a value, or the name of the exception."""
    try:
        return action()
    except Exception as problem:  # the SDK's own classes
        return type(problem).__name__


def story(api, bucket):
    """What the SDK sees of a bucket to which all sorts of things happen."""
    big = bytes(range(256)) * (11_000_000 // 256)

    def versions():
        return [(v.file_name, v.action, v.size) for v, _ in bucket.ls("py", latest_only=False, recursive=True)]

    seen = [bucket.upload_bytes(b"hello", "py/a b+c.txt", file_infos={"k": "v á"}).size]
    found = bucket.download_file_by_name("py/a b+c.txt")
    seen += [content_of(found), found.download_version.file_info]
    seen.append(content_of(bucket.download_file_by_name("py/a b+c.txt", range_=(1, 3))))
    seen.append(outcome(lambda: content_of(bucket.download_file_by_name("py/absent"))))
    uploaded = bucket.upload(sdk().UploadSourceBytes(big), "py/big", min_part_size=5_000_000)
    seen += [uploaded.size, uploaded.content_sha1, content_of(bucket.download_file_by_name("py/big")) == big]
    bucket.upload_bytes(b"second", "py/a b+c.txt")
    bucket.upload_bytes(b"", "py/日本/ž#?&=.txt")
    seen += [[v.file_name for v, _ in bucket.ls("py", recursive=True)], versions()]
    seen += [bucket.hide_file("py/a b+c.txt").action, versions()]
    seen.append(outcome(lambda: content_of(bucket.download_file_by_name("py/a b+c.txt"))))
    begun = api.services.large_file.start_large_file(bucket.id_, "py/begun", "text/plain")
    seen += [[f.file_name for f in bucket.list_unfinished_large_files()], versions()]
    api.cancel_large_file(begun.file_id)
    for version, _ in list(bucket.ls("py", latest_only=False, recursive=True)):
        api.delete_file_version(version.id_, version.file_name)
    return seen + [versions()]


def api_of(server, key):
    api = sdk().B2Api(sdk().InMemoryAccountInfo())
    api.authorize_account(server.endpoint, key.id, key.secret)
    return api


def test_b2sdk(_):
    server, key = served()
    api = api_of(server, key)
    seen = story(api, api.get_bucket_by_name(BUCKET))
    assert seen[:4] == [5, b"hello", {"k": "v á"}, b"ell"], seen
    assert outcome(lambda: api.delete_file_version("4_z1", "py/big")) == "FileNotPresent"
    assert seen[-1] == [] and server.store.everything(BUCKET) == {}
    wrong = outcome(lambda: sdk().B2Api(sdk().InMemoryAccountInfo()).authorize_account(server.endpoint, key.id, "wrong"))
    assert wrong == "InvalidAuthToken", wrong
    # A key with restrictions.
    narrow = api_of(server, server.keys.add(["listBuckets", "listFiles", "writeFiles"], BUCKET, "py/"))
    bucket = narrow.get_bucket_by_name(BUCKET)
    bucket.upload_bytes(b"x", "py/mine")
    refused = outcome(lambda: bucket.upload_bytes(b"x", "other"))
    assert refused == "MaxRetriesExceeded", refused  # each of them Unauthorized
    assert outcome(lambda: content_of(bucket.download_file_by_name("py/mine"))) == "Unauthorized"
    assert outcome(narrow.list_buckets) == "RestrictedBucket"
    # Tokens of all sorts expire, and uploads fail.
    server.keys.expire_tokens()
    server.uploads.expire()
    server.faults.add("b2_upload_file", status=503, code="service_unavailable", lasting=False)
    # This version of the SDK tries the same upload URL again.
    assert bucket.upload_bytes(b"y", "py/later").size == 1
    server.close()


def test_the_vendors_simulator_agrees(_):
    server, key = served()
    ours = api_of(server, key)
    config = sdk().B2HttpApiConfig(_raw_api_class=sdk().RawSimulator)
    theirs = sdk().B2Api(sdk().InMemoryAccountInfo(), api_config=config)
    theirs.authorize_account("production", *theirs.raw_api.create_account())
    seen = story(ours, ours.get_bucket_by_name(BUCKET))
    expected = story(theirs, theirs.create_bucket(BUCKET, "allPrivate"))
    for number, (left, right) in enumerate(zip(seen, expected, strict=True)):
        assert left == right, f"step {number}: ours says {left!r}, the vendor's simulator {right!r}"
    server.close()


if __name__ == "__main__":
    case.run(globals())
