"""The calls that take and give JSON."""
import itertools

from support.fake_b2 import names, replies
from support.fake_b2.errors import B2Error, bad_request, unauthorized

LONGEST_LIST = 10_000


def list_buckets(api, key, given):
    if given["accountId"] != api.store.account_id:
        raise bad_request(f"Account {given['accountId']} does not exist")
    if key.bucket_ids and not ("bucketName" in given or "bucketId" in given):
        raise unauthorized()
    found = [bucket for bucket in api.store.buckets()
             if given.get("bucketName", bucket.name) == bucket.name and given.get("bucketId", bucket.id) == bucket.id]
    if key.bucket_ids and any(bucket.id not in key.bucket_ids for bucket in found):
        raise unauthorized()
    kinds = given.get("bucketTypes") or ["all"]
    return {"buckets": [replies.bucket(api.store, b) for b in found if "all" in kinds or b.kind in kinds]}


def create_bucket(api, key, given):
    if key.bucket_ids:
        raise unauthorized()
    return replies.bucket(api.store, api.store.add_bucket(given["bucketName"], given["bucketType"]))


def delete_bucket(api, key, given):
    if key.bucket_ids:
        raise unauthorized()
    return replies.bucket(api.store, api.store.remove_bucket(given["bucketId"]))


def get_upload_url(api, key, given):
    bucket = api.store.bucket(given["bucketId"])
    key.may_use_bucket(bucket.id)
    return {"bucketId": bucket.id, **api.uploads.give(key, "b2_upload_file", bucket.id, api.version)}


def get_upload_part_url(api, key, given):
    begun = _of_key(api.store.version(given["fileId"], "start"), key)
    return {"fileId": begun.id, **api.uploads.give(key, "b2_upload_part", begun.id, api.version)}


def _of_key(version, key):
    key.may_use_bucket(version.bucket_id)
    key.may_use_name(version.name)
    return version


def _count(given, default, most, name="maxFileCount"):
    count = given.get(name, default)
    if not isinstance(count, int) or not 1 <= count <= most:
        raise B2Error(400, "out_of_range", f"{name} out of range: {count}")
    return count


def _rows(api, key, given, versions_of):
    """Rows of a list from the first name on: (name, row to be made), with folders where a delimiter asks for them."""
    bucket_id, prefix, delimiter = given["bucketId"], given.get("prefix", ""), given.get("delimiter")
    api.store.bucket(bucket_id)
    key.may_use_bucket(bucket_id)
    key.may_use_name(prefix)
    last_folder = None
    for name in api.store.names_from(bucket_id, given.get("startFileName", ""), prefix):
        rows = versions_of(bucket_id, name)
        end = name.find(delimiter, len(prefix)) if delimiter else -1
        if end < 0 or not rows:
            yield from ((row.name, row.id, replies.file(api.store, row)) for row in rows)
        elif (folder := name[:end + len(delimiter)]) != last_folder:
            last_folder = folder
            yield folder, None, replies.folder(api.store, bucket_id, folder)


def list_file_names(api, key, given):
    def shown(bucket_id, name):
        version = api.store.visible(bucket_id, name)
        return [version] if version else []

    count = _count(given, 100, LONGEST_LIST)
    with api.store.lock:
        rows = list(itertools.islice(_rows(api, key, given, shown), count + 1))
    return {"files": [row for _, _, row in rows[:count]], "nextFileName": rows[count][0] if len(rows) > count else None}


def list_file_versions(api, key, given):
    if "startFileId" in given and "startFileName" not in given:
        raise bad_request("startFileId must not be given without startFileName")
    count = _count(given, 100, LONGEST_LIST)
    with api.store.lock:
        rows = _rows(api, key, given, api.store.versions)
        if "startFileId" in given:
            first = given["startFileName"]
            rows = itertools.dropwhile(lambda row: row[0] == first and row[1] != given["startFileId"], rows)
        rows = list(itertools.islice(rows, count + 1))
    following = rows[count] if len(rows) > count else (None, None)
    return {"files": [row for _, _, row in rows[:count]], "nextFileName": following[0], "nextFileId": following[1]}


def get_file_info(api, key, given):
    try:
        version = api.store.version(given["fileId"])
    except B2Error:
        raise B2Error(404, "not_found", f"File not present: {given['fileId']}") from None
    return replies.file(api.store, _of_key(version, key))


def hide_file(api, key, given):
    with api.store.lock:
        bucket_id, name = api.store.bucket(given["bucketId"]).id, names.check(given["fileName"], api.store.strict_names)
        key.may_use_bucket(bucket_id)
        key.may_use_name(name)
        there = [version for version in api.store.versions(bucket_id, name) if version.action != "start"]
        if not there:
            raise B2Error(400, "no_such_file", f"File not present: {name}")
        if there[0].action == "hide":
            raise B2Error(400, "already_hidden", f"File already hidden: {name}")
        return replies.file(api.store, api.store.add(bucket_id, name, "hide", content_type="application/x-bz-hide-marker"))


def delete_file_version(api, key, given):
    with api.store.lock:
        try:
            version = api.store.version(given["fileId"])
        except B2Error:
            version = None
        key.may_use_name(given["fileName"])
        if version is None or version.name != given["fileName"]:
            raise B2Error(400, "file_not_present", f"File not present: {given['fileName']} {given['fileId']}")
        api.store.drop(_of_key(version, key))
        return {"fileId": version.id, "fileName": version.name}


def start_large_file(api, key, given):
    key.may_use_bucket(given["bucketId"])
    key.may_use_name(given["fileName"])
    return replies.file(api.store, api.store.add(given["bucketId"], given["fileName"], "start",
                                                 content_type=_type(given["contentType"]), info=given.get("fileInfo") or {}))


def _type(text):
    return "application/octet-stream" if text == "b2/x-auto" else text


def finish_large_file(api, key, given):
    return replies.file(api.store, api.store.finish(_of_key(api.store.version(given["fileId"], "start"), key),
                                                    given["partSha1Array"]))


def cancel_large_file(api, key, given):
    begun = _of_key(api.store.version(given["fileId"], "start"), key)
    api.store.drop(begun)
    return {"accountId": api.store.account_id, "bucketId": begun.bucket_id, "fileId": begun.id, "fileName": begun.name}


def list_parts(api, key, given):
    begun = _of_key(api.store.version(given["fileId"], "start"), key)
    count = _count(given, 100, 1000, "maxPartCount")
    numbers = sorted(number for number in begun.parts if number >= given.get("startPartNumber", 1))
    return {"parts": [replies.part(begun.id, begun.parts[number]) for number in numbers[:count]],
            "nextPartNumber": numbers[count] if len(numbers) > count else None}


def list_unfinished_large_files(api, key, given):
    api.store.bucket(given["bucketId"])
    key.may_use_bucket(given["bucketId"])
    key.may_use_name(given.get("namePrefix", ""))
    count = _count(given, 100, 100)
    found = [version for version in api.store.unfinished(given["bucketId"])
             if version.name.startswith(given.get("namePrefix", "")) and version.id >= given.get("startFileId", "")]
    return {"files": [replies.file(api.store, version) for version in found[:count]],
            "nextFileId": found[count].id if len(found) > count else None}


LIST = ("bucketId", "?startFileName", "?maxFileCount", "?prefix", "?delimiter")
# name -> (function, capability, members of the request; "?" = may be left out)
CALLS = {
    "b2_list_buckets": (list_buckets, "listBuckets", ("accountId", "?bucketId", "?bucketName", "?bucketTypes")),
    "b2_create_bucket": (create_bucket, "writeBuckets", ("accountId", "bucketName", "bucketType", "?bucketInfo",
                                                         "?lifecycleRules", "?corsRules")),
    "b2_delete_bucket": (delete_bucket, "deleteBuckets", ("accountId", "bucketId")),
    "b2_get_upload_url": (get_upload_url, "writeFiles", ("bucketId",)),
    "b2_get_upload_part_url": (get_upload_part_url, "writeFiles", ("fileId",)),
    "b2_list_file_names": (list_file_names, "listFiles", LIST),
    "b2_list_file_versions": (list_file_versions, "listFiles", (*LIST, "?startFileId")),
    "b2_get_file_info": (get_file_info, "readFiles", ("fileId",)),
    "b2_hide_file": (hide_file, "writeFiles", ("bucketId", "fileName")),
    "b2_delete_file_version": (delete_file_version, "deleteFiles", ("fileName", "fileId", "?bypassGovernance")),
    "b2_start_large_file": (start_large_file, "writeFiles", ("bucketId", "fileName", "contentType", "?fileInfo")),
    "b2_finish_large_file": (finish_large_file, "writeFiles", ("fileId", "partSha1Array")),
    "b2_cancel_large_file": (cancel_large_file, "writeFiles", ("fileId",)),
    "b2_list_parts": (list_parts, "writeFiles", ("fileId", "?startPartNumber", "?maxPartCount")),
    "b2_list_unfinished_large_files": (list_unfinished_large_files, "listFiles", ("bucketId", "?namePrefix", "?startFileId",
                                                                                  "?maxFileCount")),
}


def checked(name, given):
    """The members of a request that were given; null is as good as absent."""
    wanted = CALLS[name][2]
    known = {member.lstrip("?") for member in wanted}
    given = {member: value for member, value in given.items() if value is not None}
    for member in given:
        if member not in known:
            raise B2Error(400, "bad_json", f"unknown field in {name}: {member}")
    for member in wanted:
        if not member.startswith("?") and member not in given:
            raise B2Error(400, "bad_json", f"required field {member} is missing")
    return given
