// Reading objects, and asking about them.
#include "reply.h"
#include "store.h"

namespace streamd::s3 {

streamd_code Store::get(const sdk::Call& call, const streamd_get& request, const streamd_sink& sink,
                        streamd_object& out) {
  if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
  Request get;
  get.method = "GET";
  get.key = request.key;
  get.headers = client_.settings().customer_headers;
  get.what = on("read", request.key);
  RangedRead read(call, request, sink, get.what);
  if (request.length == 0) return nothing_there(call, request, read, out);
  read.ask(get.headers);
  get.sink = [&read](const HttpResponse& head, const char* data, std::size_t size) {
    return read.take(head, data, size);
  };
  HttpResponse response;
  if (const auto code = client_.send(call, get, response); code != STREAMD_OK) return code;
  if (response.status == 416) return nothing_there(call, request, read, out);
  if (response.status == 404) return missing(call, get, response);
  if (!response.ok()) return client_.fail(call, get, response);
  bucket_seen_ = true;
  out = object_of(response);
  return read.finish(response, out.size);
}

// A get of no bytes, or from the end on or behind it.
streamd_code Store::nothing_there(const sdk::Call& call, const streamd_get& request,
                                  const RangedRead& read, streamd_object& out) {
  const streamd_code code = stat(call, request.key, out);
  return code == STREAMD_OK ? read.judge_empty(out.size) : code;
}

streamd_code Store::stat(const sdk::Call& call, const char* key, streamd_object& out) {
  if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
  Request head;
  head.method = "HEAD";
  head.key = key;
  head.headers = client_.settings().customer_headers;
  head.what = on("look at", key);
  HttpResponse response;
  if (const auto code = client_.send(call, head, response); code != STREAMD_OK) return code;
  if (response.ok()) {
    bucket_seen_ = true;
    out = object_of(response);
    return STREAMD_OK;
  }
  if (response.status == 404) return missing(call, head, response);
  // The answer to HEAD has no body that would say why: the same again as a GET of one byte.
  head.method = "GET";
  head.headers.emplace_back("Range", "bytes=0-0");
  HttpResponse words;
  if (const auto code = client_.send(call, head, words); code != STREAMD_OK) return code;
  return client_.fail(call, head, words.ok() || words.status == 416 ? response : words);
}

// A 404: of the object, or of the bucket when nothing was ever seen of that.
streamd_code Store::missing(const sdk::Call& call, const Request& request,
                            const HttpResponse& response) {
  if (parse_error(response.body).code == "NoSuchBucket")
    return client_.fail(call, request, response);
  if (!bucket_seen_) {
    Request look;
    look.method = "HEAD";
    look.what = request.what;
    HttpResponse bucket;
    if (const auto code = client_.send(call, look, bucket); code != STREAMD_OK) return code;
    if (bucket.status == 404)
      return call.error(STREAMD_INVALID_CONFIG)
          .http(404)
          .message("cannot %s: there is no such bucket", request.what.c_str());
    bucket_seen_ = true;
  }
  return call.error(STREAMD_NOT_FOUND)
      .http(404)
      .request_id(response.header("x-amz-request-id"))
      .message("cannot %s: no such object", request.what.c_str());
}

}  // namespace streamd::s3
