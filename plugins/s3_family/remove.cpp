// Removing objects, many with one request where the store can.
#include <algorithm>

#include "digest.h"
#include "failure.h"
#include "reply.h"
#include "store.h"

namespace streamd::s3 {

streamd_code Store::remove(const sdk::Call& call, const char* const* keys, std::size_t count,
                           streamd_code* each) {
  if (count > kLargestBatch)
    return call.fail(STREAMD_UNSUPPORTED, "cannot remove %zu objects at once, at most %u", count,
                     kLargestBatch);
  std::string body;
  const std::vector<std::string> names(keys, keys + count);
  if (count > 1 && batches_ && delete_body(names, body)) {
    const streamd_code code = remove_batch(call, names, body, each);
    if (code != STREAMD_UNSUPPORTED) return code;
    batches_ = false;  // from now on one by one
  }
  streamd_code first = STREAMD_OK;
  for (std::size_t i = 0; i < count; ++i) {
    const streamd_code code = remove_one(call, keys[i]);
    if (each != nullptr) each[i] = code;
    if (first == STREAMD_OK) first = code;
  }
  return first;
}

streamd_code Store::remove_one(const sdk::Call& call, const char* key) {
  Request request;
  request.method = "DELETE";
  request.key = key;
  request.what = on("remove", key);
  HttpResponse response;
  if (const auto code = client_.send(call, request, response); code != STREAMD_OK) return code;
  if (response.ok()) return STREAMD_OK;
  if (response.status != 404) return client_.fail(call, request, response);
  const streamd_code code = missing(call, request, response);
  return code == STREAMD_NOT_FOUND ? STREAMD_OK : code;
}

streamd_code Store::remove_batch(const sdk::Call& call, const std::vector<std::string>& keys,
                                 const std::string& body, streamd_code* each) {
  if (each != nullptr) std::fill_n(each, keys.size(), STREAMD_TRANSIENT);
  Request request;
  request.method = "POST";
  request.query = {{"delete", ""}};
  request.headers = {{"Content-Type", "application/xml"}, {"Content-MD5", md5_base64(body)}};
  request.body = body_of(body);
  request.payload_hash = hex(sha256(body));
  request.what =
      "remove " + std::to_string(keys.size()) + " objects from " + client_.settings().bucket;
  HttpResponse response;
  streamd_code code = client_.exchange(call, request, response);
  std::vector<DeleteError> errors;
  if (code == STREAMD_OK && !parse_delete(response.body, errors))
    code =
        call.fail(STREAMD_TRANSIENT, "cannot %s: the answer makes no sense", request.what.c_str());
  if (each != nullptr) std::fill_n(each, keys.size(), code);
  for (const DeleteError& error : errors) {
    const streamd_code one = code_of(0, error.code);
    if (one == STREAMD_NOT_FOUND) continue;
    if (code == STREAMD_OK)
      code = call.error(one)
                 .provider(error.code)
                 .message("cannot %s: %s: %s", on("remove", error.key.c_str()).c_str(),
                          error.code.c_str(), error.message.c_str());
    if (each == nullptr) continue;
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (keys[i] == error.key) each[i] = one;
  }
  return code;
}

}  // namespace streamd::s3
