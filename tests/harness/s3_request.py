"""A signed request to an S3 server: a second, small implementation of the signature, and what tests look at a bucket with."""
import hashlib
import hmac
import http.client
import ssl
import time
import urllib.parse
import xml.etree.ElementTree as xml


def quote(text):
    return urllib.parse.quote(text, safe="-._~")


def send(server, method, path, query=None, body=b"", more_headers=None):
    """(status, body). `path` is decoded; `server` has host, port, key, secret, region and ca_file. `more_headers` (names in
    small letters) are signed too, and win."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    target = urllib.parse.quote(path, safe="/-._~")
    arguments = "&".join(f"{quote(name)}={quote(value)}" for name, value in sorted((query or {}).items()))
    digest = hashlib.sha256(body).hexdigest()
    headers = {"host": f"{server.host}:{server.port}", "x-amz-content-sha256": digest, "x-amz-date": date,
               **(more_headers or {})}
    digest, date = headers["x-amz-content-sha256"], headers["x-amz-date"]
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"{method}\n{target}\n{arguments}\n{lines}\n{names}\n{digest}"
    scope = f"{date[:8]}/{server.region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("AWS4" + server.secret).encode()
    for step in scope.split("/"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={server.key}/{scope}, SignedHeaders={names}, "
                                f"Signature={signature}")
    if server.ca_file:
        context = ssl.create_default_context(cafile=server.ca_file)
        connection = http.client.HTTPSConnection(server.host, server.port, context=context, timeout=60)
    else:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    try:
        connection.request(method, target + ("?" + arguments if arguments else ""), body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def make_bucket(server, bucket):
    status, body = send(server, "PUT", "/" + bucket)
    assert status == 200, f"the bucket could not be made: status {status}, {body!r}"


def keys(server, bucket, prefix=""):
    """All keys of the bucket (up to 1000)."""
    status, body = send(server, "GET", "/" + bucket, {"list-type": "2", "prefix": prefix})
    assert status == 200, f"the bucket could not be listed: status {status}, {body!r}"
    return [entry.text for entry in xml.fromstring(body).iter() if entry.tag.endswith("}Key")]


def open_uploads(server, bucket):
    """How many uploads of parts were begun and are neither completed nor aborted."""
    status, body = send(server, "GET", "/" + bucket, {"uploads": ""})
    assert status == 200, f"the uploads could not be listed: status {status}, {body!r}"
    return sum(1 for entry in xml.fromstring(body).iter() if entry.tag.endswith("}Upload"))
