"""What the API's answers look like, in each of its versions."""
from support.fake_b2 import names


def authorized(version, store, key, token, url):
    """Of b2_authorize_account: flat in v1 and v2, by suite from v3 on."""
    sizes = {"absoluteMinimumPartSize": store.minimum_part, "recommendedPartSize": max(store.minimum_part, 100_000_000)}
    urls = {"apiUrl": url, "downloadUrl": url, "s3ApiUrl": "https://s3.us-west-002.backblazeb2.com"}
    buckets = [store.bucket(bucket_id) for bucket_id in key.bucket_ids]
    one = {"bucketId": buckets[0].id if buckets else None, "bucketName": buckets[0].name if buckets else None}
    may = {"capabilities": list(key.capabilities), "namePrefix": key.prefix or None}
    common = {"accountId": store.account_id, "authorizationToken": token}
    if version <= 2:
        flat = {**common, **sizes, **urls, "allowed": {**one, **may}}
        return {**flat, "minimumPartSize": sizes["recommendedPartSize"]} if version == 1 else flat
    common["applicationKeyExpirationTimestamp"] = None
    if version == 3:
        return {**common, "apiInfo": {"storageApi": {**sizes, **urls, **one, **may, "infoType": "storageApi"}}}
    allowed = {"buckets": [{"id": b.id, "name": b.name} for b in buckets] or None, **may}
    return {**common, "apiInfo": {"storageApi": {**sizes, **urls, "allowed": allowed, "infoType": "storageApi"}}}


def bucket(store, one):
    return {"accountId": store.account_id, "bucketId": one.id, "bucketInfo": one.info, "bucketName": one.name,
            "bucketType": one.kind, "corsRules": [], "lifecycleRules": one.lifecycle, "options": ["s3"], "revision": 2,
            "fileLockConfiguration": {"isClientAuthorizedToRead": True, "value": {
                "defaultRetention": {"mode": None, "period": None}, "isFileLockEnabled": False}}, "replicationConfiguration": {
                    "isClientAuthorizedToRead": True, "value": None},
            "defaultServerSideEncryption": {"isClientAuthorizedToRead": True, "value": {"algorithm": None, "mode": None}}}


def file(store, one):
    """One version. v1 says `size` in lists, later versions `contentLength`: both are here."""
    content = one.action == "upload"
    return {"accountId": store.account_id, "action": one.action, "bucketId": one.bucket_id,
            "contentLength": one.size, "size": one.size, "contentMd5": one.md5 if content else None,
            "contentSha1": one.sha1 if content else "none",
            "contentType": one.content_type, "fileId": one.id, "fileInfo": one.info, "fileName": one.name,
            "fileRetention": {"isClientAuthorizedToRead": True, "value": {"mode": None, "retainUntilTimestamp": None}},
            "legalHold": {"isClientAuthorizedToRead": True, "value": None},
            "serverSideEncryption": {"algorithm": None, "mode": None}, "uploadTimestamp": one.timestamp}


def folder(store, bucket_id, name):
    return {"accountId": store.account_id, "action": "folder", "bucketId": bucket_id, "contentLength": 0, "size": 0,
            "contentMd5": None, "contentSha1": None, "contentType": None, "fileId": None, "fileInfo": {}, "fileName": name,
            "fileRetention": None, "legalHold": None, "serverSideEncryption": None, "uploadTimestamp": 0}


def part(file_id, one):
    return {"contentLength": len(one.content), "contentMd5": one.md5, "contentSha1": one.sha1, "fileId": file_id,
            "partNumber": one.number, "serverSideEncryption": {"algorithm": None, "mode": None},
            "uploadTimestamp": one.timestamp}


def download_headers(one):
    """The hash is the whole file's, also with a part of it."""
    head = {"Content-Type": one.content_type, "Accept-Ranges": "bytes", "x-bz-file-id": one.id,
            "x-bz-file-name": names.encode(one.name), "x-bz-content-sha1": one.sha1,
            "x-bz-upload-timestamp": str(one.timestamp)}
    return {**head, **{"x-bz-info-" + name: names.encode(value) for name, value in one.info.items()}}
