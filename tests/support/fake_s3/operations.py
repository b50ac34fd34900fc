"""The operations of S3 that backups need, on one bucket. Each takes (bucket, request) and returns an Answer."""
import base64
import hashlib
import re
import time
import urllib.parse
import xml.etree.ElementTree as tree

from support.fake_s3.answers import Answer, Refused, document, element

IN_ORDER = 1000  # keys of a page, at most


def http_date(seconds):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(seconds))


def xml_date(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def whole_number(text, default):
    if text and not text.isdigit():
        raise Refused(400, "InvalidArgument", f"{text} is no number")
    return int(text) if text else default


def parsed(body):
    try:
        return tree.fromstring(body)
    except tree.ParseError:
        raise Refused(400, "MalformedXML", "The XML you provided was not well-formed.") from None


def named(root, name):
    return [entry for entry in root.iter() if entry.tag.rpartition("}")[2] == name]


def text_of(entry, name):
    return "".join(found.text or "" for found in named(entry, name))


def list_objects(bucket, request):
    """Version 2, and version 1 with `marker` for old clients."""
    query = request.query
    second = query.get("list-type") == "2"
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    most = min(whole_number(query.get("max-keys"), IN_ORDER), IN_ORDER)
    after = query.get("start-after", "") if second else query.get("marker", "")
    if token := query.get("continuation-token"):
        after = bytes.fromhex(token).decode()
    shown = urllib.parse.quote if query.get("encoding-type") == "url" else str
    keys, folders, last, more = [], [], after, False
    for key in sorted((key for key in bucket.objects if key.startswith(prefix) and key > after),
                      key=lambda key: key.encode()):
        head = key[:key.find(delimiter, len(prefix)) + 1] if delimiter and delimiter in key[len(prefix):] else ""
        if head and (head in folders or after.startswith(head)):
            last = key
            continue
        if len(keys) + len(folders) == most:
            more = True
            break
        last = key
        (folders if head else keys).append(head or key)
    inner = element("Name", request.bucket) + element("Prefix", shown(prefix)) + element("MaxKeys", most)
    inner += element("IsTruncated", str(more).lower())
    if query.get("encoding-type"):
        inner += element("EncodingType", "url")
    if more:
        inner += element("NextContinuationToken" if second else "NextMarker", last.encode().hex() if second else shown(last))
    for key in keys:
        one = bucket.objects[key]
        inner += (f"<Contents>{element('Key', shown(key))}{element('LastModified', xml_date(one.time))}"
                  f"<ETag>&quot;{one.etag}&quot;</ETag>{element('Size', len(one.body))}"
                  "<StorageClass>STANDARD</StorageClass></Contents>")
    inner += "".join(f"<CommonPrefixes>{element('Prefix', shown(folder))}</CommonPrefixes>" for folder in folders)
    return document("ListBucketResult", inner)


def check_md5(request):
    given = request.header("content-md5")
    if given and base64.b64encode(hashlib.md5(request.body).digest()).decode() != given:
        raise Refused(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")


def check_retention(bucket, request, what):
    if bucket.retention and not request.header("content-md5"):
        raise Refused(400, "InvalidRequest", f"Content-MD5 OR x-amz-checksum- HTTP header is required for {what} requests with "
                      "Object Lock parameters")


def check_storage_class(request):
    if "x-amz-storage-class" in request.headers and not request.header("x-amz-storage-class"):
        raise Refused(501, "NotImplemented", "Header 'x-amz-storage-class' with value '' not implemented")


def put_object(bucket, request):
    check_retention(bucket, request, "Put Object")
    check_md5(request)
    check_storage_class(request)
    condition = request.header("if-none-match")
    if condition and bucket.dialect.if_none_match == "refused":
        raise Refused(501, "NotImplemented", "A header you provided implies functionality that is not implemented.")
    if condition and bucket.dialect.if_none_match == "honoured" and request.key in bucket.objects:
        raise Refused(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
    return Answer(200, b"", {"ETag": f'"{bucket.put(request.key, request.body).etag}"'})


def get_object(bucket, request):
    found = bucket.get(request.key)
    size = len(found.body)
    headers = {"ETag": f'"{found.etag}"', "Last-Modified": http_date(found.time), "Accept-Ranges": "bytes",
               "Content-Type": "application/octet-stream"}
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", request.header("range"))
    if wanted is None or wanted[0] == "bytes=-":
        return Answer(200, found.body, headers)
    first = int(wanted[1]) if wanted[1] else max(0, size - int(wanted[2]))
    last = min(int(wanted[2]), size - 1) if wanted[1] and wanted[2] else size - 1
    if first >= size or first > last:
        raise Refused(416, "InvalidRange", "The requested range is not satisfiable", headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Answer(206, found.body[first:last + 1], headers)


def head_object(bucket, request):
    return get_object(bucket, request)


def head_bucket(_bucket, _request):
    return Answer()


def delete_object(bucket, request):
    bucket.objects.pop(request.key, None)
    return Answer(204)


def delete_objects(bucket, request):
    if bucket.dialect.md5_for_batches and not request.header("content-md5"):
        raise Refused(400, "InvalidRequest", "Missing required header for this request: Content-MD5")
    check_md5(request)
    keys = [text_of(entry, "Key") for entry in named(parsed(request.body), "Object")]
    if not 0 < len(keys) <= 1000:
        raise Refused(400, "MalformedXML", "The XML you provided was not well-formed.")
    for key in keys:
        bucket.objects.pop(key, None)
    return document("DeleteResult", "".join(f"<Deleted>{element('Key', key)}</Deleted>" for key in keys))


def begin_upload(bucket, request):
    check_storage_class(request)
    inner = element("Bucket", request.bucket) + element("Key", request.key)
    return document("InitiateMultipartUploadResult", inner + element("UploadId", bucket.begin(request.key)))


def put_part(bucket, request):
    check_retention(bucket, request, "Put Part")
    check_md5(request)
    number = whole_number(request.query["partNumber"], 0)
    part = bucket.put_part(request.key, request.query["uploadId"], number, request.body)
    return Answer(200, b"", {"ETag": f'"{part.etag}"'})


def list_parts(bucket, request):
    parts = bucket.upload(request.key, request.query["uploadId"]).parts
    inner = "".join(f"<Part>{element('PartNumber', number)}<ETag>&quot;{part.etag}&quot;</ETag>"
                    f"{element('Size', len(part.body))}</Part>" for number, part in sorted(parts.items()))
    return document("ListPartsResult", element("IsTruncated", "false") + inner)


def complete_upload(bucket, request):
    parts = [(whole_number(text_of(entry, "PartNumber"), 0), text_of(entry, "ETag"))
             for entry in named(parsed(request.body), "Part")]
    etag = bucket.complete(request.key, request.query["uploadId"], parts).etag
    inner = element("Bucket", request.bucket) + element("Key", request.key) + element("ETag", f'"{etag}"')
    return document("CompleteMultipartUploadResult", inner)


def abort_upload(bucket, request):
    bucket.upload(request.key, request.query["uploadId"])
    del bucket.uploads[request.query["uploadId"]]
    return Answer(204)


def list_uploads(bucket, request):
    inner = element("IsTruncated", "false")
    for identity, upload in bucket.uploads.items():
        if upload.key.startswith(request.query.get("prefix", "")):
            inner += (f"<Upload>{element('Key', upload.key)}{element('UploadId', identity)}"
                      f"{element('Initiated', xml_date(upload.time))}</Upload>")
    return document("ListMultipartUploadsResult", inner)


def location(bucket, _request):
    return document("LocationConstraint", bucket.dialect.regions[0])


# Of a bucket: method and the query's word that decides, "" for none. Anything else is not implemented.
ON_BUCKETS = {("GET", ""): list_objects, ("HEAD", ""): head_bucket, ("GET", "location"): location,
              ("GET", "uploads"): list_uploads, ("POST", "delete"): delete_objects}
ON_OBJECTS = {("PUT", ""): put_object, ("GET", ""): get_object, ("HEAD", ""): head_object, ("DELETE", ""): delete_object,
              ("POST", "uploads"): begin_upload, ("PUT", "uploadId"): put_part, ("GET", "uploadId"): list_parts,
              ("POST", "uploadId"): complete_upload, ("DELETE", "uploadId"): abort_upload}
WORDS = {"location", "uploads", "delete", "uploadId"}
PLAIN = {"list-type", "prefix", "delimiter", "max-keys", "start-after", "continuation-token", "encoding-type", "marker",
         "partNumber", "fetch-owner"}


def find(request):
    """The operation that a request means; Refused 501 when no store has it."""
    strange = set(request.query) - WORDS - PLAIN
    words = WORDS & set(request.query)
    known = (ON_OBJECTS if request.key else ON_BUCKETS).get((request.method, words.pop() if words else ""))
    if strange or known is None:
        raise Refused(501, "NotImplemented", f"{request.method} with {sorted(request.query)} not implemented")
    return known
