"""Rules of the native API that no client breaks by itself, so the fake must be seen to enforce them."""
import base64
import http.client
import json
import socket

from harness import case
from support.fake_b2 import FakeB2

BUCKET = "rules-bucket"


def ask(server, method, path, token, body=b"", headers=None):
    """(status, answer, headers)"""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    try:
        connection.request(method, path, body, {"Authorization": token, **(headers or {})})
        response = connection.getresponse()
        content = response.read()
        return response.status, json.loads(content) if content else None, response.headers
    finally:
        connection.close()


def authorize(server, key, version=3):
    token = "Basic " + base64.b64encode(f"{key.id}:{key.secret}".encode()).decode()
    return ask(server, "GET", f"/b2api/v{version}/b2_authorize_account", token)


class Session:
    def __init__(self, server, key):
        self.server = server
        answer = authorize(server, key, 1)[1]
        self.token, self.account = answer["authorizationToken"], answer["accountId"]
        self.bucket = server.store.bucket_named(BUCKET).id

    def call(self, name, **given):
        status, answer, _ = ask(self.server, "POST", f"/b2api/v3/{name}", self.token, json.dumps(given).encode())
        return answer if status == 200 else (status, answer["code"])

    def target(self, **large):
        answer = self.call("b2_get_upload_part_url", **large) if large else self.call("b2_get_upload_url", bucketId=self.bucket)
        return answer["uploadUrl"].removeprefix(self.server.endpoint), answer["authorizationToken"]

    def upload(self, target, name, body=b"x", sha1="do_not_verify", **headers):
        path, token = target
        status, answer, head = ask(self.server, "POST", path, token, body, {
            "X-Bz-File-Name": name, "Content-Type": "b2/x-auto", "X-Bz-Content-Sha1": sha1, **headers})
        self.head = head
        return answer if status == 200 else (status, answer["code"])

    def names(self, **given):
        return self.call("b2_list_file_names", bucketId=self.bucket, **given)


def served(**options):
    server = FakeB2(**options)
    server.store.add_bucket(BUCKET)
    return server, Session(server, server.keys.master)


def test_authorizations_of_all_versions(_):
    server, _ = served()
    server.store.add_bucket("second-bucket")
    one, two = server.keys.add(bucket=BUCKET, prefix="p/"), server.keys.add(bucket=[BUCKET, "second-bucket"])
    for version in (1, 2):
        answer = authorize(server, one, version)[1]
        assert answer["allowed"]["bucketName"] == BUCKET and answer["allowed"]["namePrefix"] == "p/", answer
        assert answer["absoluteMinimumPartSize"] == 5_000_000
    assert authorize(server, one, 3)[1]["apiInfo"]["storageApi"]["bucketName"] == BUCKET
    allowed = authorize(server, two, 4)[1]["apiInfo"]["storageApi"]["allowed"]
    assert [bucket["name"] for bucket in allowed["buckets"]] == [BUCKET, "second-bucket"]
    assert authorize(server, two, 3)[0] == 400  # as users of restic 0.18 saw it
    status, answer, headers = ask(server, "GET", "/b2api/v3/b2_authorize_account", "Basic bm86bm8=")
    assert (status, answer["code"], headers["Connection"]) == (401, "bad_auth_token", "close")
    server.close()


def test_upload_urls(_):
    server, session = served()
    target = session.target()
    for _ in range(2):  # one after the other is fine
        assert session.upload(target, "a")["action"] == "upload"
    assert session.upload((target[0], session.token), "a") == (401, "bad_auth_token")
    # Two at a time.
    with socket.create_connection((server.host, server.port)) as slow:
        slow.sendall(f"POST {target[0]} HTTP/1.1\r\nAuthorization: {target[1]}\r\nContent-Length: 9\r\n\r\n".encode())
        while not server.uploads.most_at_once or not any(t.busy for t in server.uploads._targets.values()):
            pass
        assert session.upload(target, "b") == (400, "auth_token_limit")
    # One that failed is of no more use.
    target = session.target()
    server.faults.add("b2_upload_file", status=503, code="service_unavailable")
    for _ in range(2):
        assert session.upload(target, "c") == (503, "service_unavailable")
    assert session.head["Connection"] == "close"
    assert session.upload(session.target(), "c")["fileName"] == "c"
    server.close()


def test_what_is_refused_in_an_upload(_):
    server, session = served()
    target = session.target()
    assert session.upload(target, "a", sha1="0" * 40) == (400, "bad_request")
    assert session.upload(target, "a", sha1="nonsense") == (400, "bad_request")
    assert session.upload(target, "a", b"abca9993e364706816aba3e25717850c26c9cd0d89d", "hex_digits_at_end")["contentLength"] == 3
    assert session.upload(target, "a", b"abda9993e364706816aba3e25717850c26c9cd0d89d", "hex_digits_at_end") == (400, "bad_request")
    for name in ("tab%09", "bare,comma", "cut%2", "%FF"):
        assert session.upload(target, name) == (400, "bad_request"), name
    assert session.upload(target, "a+b%2Bc%2C")["fileName"] == "a b+c,"
    assert session.upload(target, "a", **{"Content-Encoding": "gzip"}) == (400, "bad_request")
    path, token = target
    status, answer, _ = ask(server, "POST", path, token, iter([b"x"]), {"Transfer-Encoding": "chunked"})
    assert (status, answer["code"]) == (400, "bad_request")
    server.close()


def test_strict_names(_):
    server, session = served(strict_names=True)
    for name in ("/a", "a/", "a//b", "back%5Cslash", "x" * 251):
        assert session.upload(session.target(), name) == (400, "bad_request"), name
    server.close()


def test_capabilities_and_restrictions(_):
    server, _ = served()
    session = Session(server, server.keys.add(["listFiles", "writeFiles"], BUCKET, "p/"))
    assert session.names(prefix="p/") == {"files": [], "nextFileName": None}
    assert session.names() == (401, "unauthorized")
    target = session.target()
    assert session.upload(target, "outside") == (401, "unauthorized")
    stored = session.upload(session.target(), "p/inside")
    assert session.call("b2_delete_file_version", fileName="p/inside", fileId=stored["fileId"]) == (401, "unauthorized")
    assert ask(server, "GET", f"/file/{BUCKET}/p/inside", session.token)[0] == 401
    assert session.call("b2_list_buckets", accountId=session.account) == (401, "unauthorized")
    server.close()


def test_large_files(_):
    server, session = served()
    begun = session.call("b2_start_large_file", bucketId=session.bucket, fileName="l", contentType="b2/x-auto")
    assert session.names()["files"] == []
    target = session.target(fileId=begun["fileId"])
    send = lambda number, body: session.upload(target, "", body, **{"X-Bz-Part-Number": str(number)})
    first, last = send(1, b"small")["contentSha1"], send(2, b"end")["contentSha1"]
    shas = [sha1.removeprefix("unverified:") for sha1 in (first, last)]
    finish = lambda shas: session.call("b2_finish_large_file", fileId=begun["fileId"], partSha1Array=shas)
    assert finish([first]) == (400, "missing_part")
    assert finish([last, first]) == (400, "part_sha1_mismatch")
    assert finish([first, last]) == (400, "bad_request"), "the first part is too small"
    assert shas != [first, last], "what was not verified is marked"
    send(1, bytes(5_000_000))
    done = finish([send(1, bytes(5_000_000))["contentSha1"], last])
    assert done["contentLength"] == 5_000_003 and done["contentSha1"] == "none", done
    assert finish([first, last]) == (400, "bad_request"), "it is finished"
    assert session.call("b2_cancel_large_file", fileId="bad-id") == (400, "bad_request")
    server.close()


def test_lists(_):
    server, session = served()
    target = session.target()
    for name in ("a", "a/b", "a/c", "a0", "%C3%A4"):
        session.upload(target, name)
    session.upload(target, "a/b")
    shown = lambda answer: ([row["fileName"] for row in answer["files"]], answer["nextFileName"])
    assert shown(session.names(maxFileCount=2)) == (["a", "a/b"], "a/c")
    assert shown(session.names(startFileName="a/c")) == (["a/c", "a0", "ä"], None)
    assert shown(session.names(prefix="a", delimiter="/")) == (["a", "a/", "a0"], None)
    page = session.call("b2_list_file_versions", bucketId=session.bucket, maxFileCount=2)
    rest = session.call("b2_list_file_versions", bucketId=session.bucket, startFileName=page["nextFileName"],
                        startFileId=page["nextFileId"])
    assert [row["fileName"] for row in page["files"] + rest["files"]] == ["a", "a/b", "a/b", "a/c", "a0", "ä"]
    assert page["files"][1]["uploadTimestamp"] > rest["files"][0]["uploadTimestamp"]
    assert session.names(maxFileCount=0) == (400, "out_of_range")
    assert session.names(unheard="of") == (400, "bad_json")
    server.close()


if __name__ == "__main__":
    case.run(globals())
