// Storing an object: in one request, or in parts when it is large.
#include "body_hash.h"
#include "digest.h"
#include "multipart.h"
#include "store.h"

namespace streamd::s3 {
namespace {

constexpr std::uint64_t kKeptBytes = 256 * 1024;  // up to here the source is read only once

}  // namespace

streamd_code Store::put(const sdk::Call& call, const streamd_put& request,
                        const streamd_source& source, streamd_object& out) {
  if ((request.flags & ~STREAMD_PUT_IF_ABSENT) != 0)
    return call.fail(STREAMD_UNSUPPORTED, "unknown flags of put: %#x", request.flags);
  if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
  const bool if_absent = (request.flags & STREAMD_PUT_IF_ABSENT) != 0;
  if (std::string(request.key) == kProbeKey)
    return call.fail(STREAMD_UNSUPPORTED, "the key %s is kept for the driver", kProbeKey);
  if (source.size > (if_absent ? kLargestPut : kLargestObject))
    return call.fail(STREAMD_UNSUPPORTED, "cannot %s: %llu bytes are too many",
                     on("store", request.key).c_str(),
                     static_cast<unsigned long long>(source.size));
  if (if_absent) {
    Honours answer = Honours::kUnknown;
    if (const auto code = honours_if_absent(call, answer); code != STREAMD_OK) return code;
    if (answer != Honours::kYes)
      return call.fail(STREAMD_UNSUPPORTED, "cannot %s if absent: %s",
                       on("store", request.key).c_str(),
                       answer == Honours::kNo ? "this store has no such put"
                                              : "whether this store has such a put is not known");
  }
  // Not every store that honours if-absent does so when it completes an upload of parts.
  if (if_absent || source.size <= client_.settings().part_size) {
    const streamd_code code = whole_put(call, request, source, out);
    if (code == STREAMD_OK) clear_left_behind(call);
    return code;
  }
  Multipart upload(client_, call, request.key, on("store", request.key), source);
  const streamd_code code = upload.run(out);
  if (!upload.left_behind().empty()) {
    const std::lock_guard lock(left_behind_mutex_);
    left_behind_.emplace_back(request.key, upload.left_behind());
  }
  if (code == STREAMD_OK) clear_left_behind(call);
  if (code == STREAMD_OK && !uploads_seen_.exchange(true)) clear_stale_uploads(call, request.key);
  return code;
}

streamd_code Store::whole_put(const sdk::Call& call, const streamd_put& request,
                              const streamd_source& source, streamd_object& out) {
  const Settings& settings = client_.settings();
  Request put;
  put.method = "PUT";
  put.key = request.key;
  put.what = on("store", request.key);
  if ((request.flags & STREAMD_PUT_IF_ABSENT) != 0) put.headers = {{"If-None-Match", "*"}};
  for (const Pairs* more : {&settings.store_headers, &settings.customer_headers})
    put.headers.insert(put.headers.end(), more->begin(), more->end());
  put.body = body_of_source(source, 0, source.size);
  std::string kept;
  const bool keep = source.size <= kKeptBytes;
  if (request.sha256 != nullptr && !keep) {
    put.payload_hash = hex(request.sha256, 32);
  } else if (const auto code = hash_body(call, put.body, put.payload_hash, keep ? &kept : nullptr);
             code != STREAMD_OK) {
    return code;
  }
  if (request.sha256 != nullptr && put.payload_hash != hex(request.sha256, 32))
    return call.fail(STREAMD_CORRUPT,
                     "cannot %s: the bytes do not have the SHA-256 they should have",
                     put.what.c_str());
  if (keep) put.body = body_of(std::move(kept));
  HttpResponse response;
  if (const auto code = client_.exchange(call, put, response); code != STREAMD_OK) return code;
  bucket_seen_ = true;
  out = object_of(response);
  out.size = source.size;
  return STREAMD_OK;
}

}  // namespace streamd::s3
