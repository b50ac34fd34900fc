"""Signature Version 4, verified: written from the specification, not from our client."""
import hashlib
import hmac
import re
import time
import urllib.parse

from support.fake_s3.answers import Refused

FORM = re.compile(r"AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$")


def quote(text):
    return urllib.parse.quote(text, safe="-._~")


def canonical_query(raw):
    pairs = [part.partition("=") for part in raw.split("&") if part]
    decoded = [(urllib.parse.unquote(name), urllib.parse.unquote(value)) for name, _, value in pairs]
    return "&".join(f"{name}={value}" for name, value in sorted((quote(name), quote(value)) for name, value in decoded))


def canonical_request(request, names, payload):
    path = urllib.parse.quote(urllib.parse.unquote(request.raw_path), safe="/-._~")
    lines = "".join(f"{name}:{' '.join(request.header(name).split())}\n" for name in names)
    return "\n".join([request.method, path, canonical_query(request.raw_query), lines, ";".join(names), payload])


def signing_key(secret, scope):
    key = ("AWS4" + secret).encode()
    for step in scope.split("/"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return key


def check_time(stamp, day, now, window):
    try:
        signed_at = time.mktime(time.strptime(stamp, "%Y%m%dT%H%M%SZ")) - time.timezone
    except ValueError:
        raise Refused(403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header") from None
    if not stamp.startswith(day):
        raise Refused(403, "SignatureDoesNotMatch", "The day of the scope is not that of the date")
    if abs(signed_at - now) > window:
        raise Refused(403, "RequestTimeTooSkewed",
                      "The difference between the request time and the current time is too large.")


def check_region(dialect, region):
    if region in dialect.regions:
        return
    if dialect.wrong_region == "InvalidRegionName":
        raise Refused(400, "InvalidRegionName", f"The region name '{region}' is not valid. Must be one of: auto")
    right = dialect.regions[0]
    raise Refused(400, dialect.wrong_region, f"The authorization header is malformed; the region '{region}' is wrong; "
                  f"expecting '{right}'", {"Region": right})


def check_payload(dialect, request):
    """What the body was signed as: its hash, or that it is not signed."""
    payload = request.header("x-amz-content-sha256")
    if not payload:
        raise Refused(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    if payload.startswith("STREAMING-") and not dialect.streaming:
        raise Refused(501, "NotImplemented", f"{payload} not implemented")
    if payload != "UNSIGNED-PAYLOAD" and payload != hashlib.sha256(request.body).hexdigest():
        raise Refused(400, "XAmzContentSHA256Mismatch",
                      "The provided 'x-amz-content-sha256' header does not match what was computed.")
    return payload


def verify(request, dialect, keys, now):
    """Raises Refused unless the request is signed as it must be; returns the key id. `keys`: secrets by id."""
    given = request.header("authorization")
    if not given:
        raise Refused(403, "AccessDenied", "Access Denied.")
    parts = FORM.match(given)
    if parts is None:
        raise Refused(400, "AuthorizationHeaderMalformed", "The authorization header is malformed.")
    credential, names, signature = parts[1], parts[2].split(";"), parts[3]
    key_id, _, scope = credential.partition("/")
    words = scope.split("/")
    if len(words) != 4 or words[2:] != ["s3", "aws4_request"]:
        raise Refused(400, "AuthorizationHeaderMalformed", f"The scope {scope} makes no sense.")
    if dialect.key_id_length and len(key_id) != dialect.key_id_length:
        raise Refused(400, "InvalidArgument", f"Credential access key has length {len(key_id)}, "
                      f"should be {dialect.key_id_length}")
    if key_id not in keys:
        raise Refused(*dialect.unknown_key, "The access key does not exist in our records.")
    check_region(dialect, words[1])
    check_time(request.header("x-amz-date"), words[0], now, dialect.clock_window)
    unsigned = [name for name in request.headers if name.startswith("x-amz-") and name not in names]
    if "host" not in names or unsigned or names != sorted(names):
        raise Refused(403, "AccessDenied", f"There were headers present in the request which were not signed: {unsigned}")
    payload = request.header("x-amz-content-sha256")
    text = "\n".join(["AWS4-HMAC-SHA256", request.header("x-amz-date"), scope,
                      hashlib.sha256(canonical_request(request, names, payload).encode()).hexdigest()])
    ours = hmac.new(signing_key(keys[key_id], scope), text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(ours, signature):
        raise Refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature "
                      "you provided. Check your key and signing method.")
    check_payload(dialect, request)
    return key_id
