#include "store.h"

#include <nlohmann/json.hpp>

#include "encoding.h"
#include "environment.h"
#include "failure.h"
#include "name.h"

namespace streamd::b2 {
namespace {

streamd_object object_of(const HttpResponse& response) {
  const std::int64_t ms = std::atoll(response.header("x-bz-upload-timestamp").c_str());
  return sdk::make_object(response.whole_size(), nanoseconds_of_ms(ms),
                          etag_of(response.header("x-bz-file-id")));
}

}  // namespace

streamd_code Store::open(const sdk::Options& options, const sdk::Call& call,
                         std::unique_ptr<sdk::Driver>& instance) {
  if (const auto code = start_libcurl(call); code != STREAMD_OK) return code;
  Settings settings;
  if (const auto code = read_settings(options, call, process_environment, settings);
      code != STREAMD_OK)
    return code;
  instance = std::make_unique<Store>(std::move(settings));
  return STREAMD_OK;
}

std::string Store::on(const char* what, const char* key) const {
  return std::string(what) + " " + shown_key(key) + " in " + client_.settings().bucket;
}

// A key may be made for restores alone, or for writing alone: that is no failure here.
streamd_code Store::probe(const sdk::Call& call, streamd_caps& out) {
  if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
  const std::string what = "look at bucket " + client_.settings().bucket;
  SessionPointer session;
  if (const auto code = client_.session(call, what, session); code != STREAMD_OK) return code;
  for (const char* needed : {"listFiles", "readFiles"})
    if (!session->may(needed))
      return call.fail(STREAMD_PERMISSION,
                       "cannot %s: the application key lacks the capability %s, without which "
                       "nothing can be restored",
                       what.c_str(), needed);
  if (!session->may("writeFiles"))
    call.log(STREAMD_LOG_WARN,
             "the application key lacks the capability writeFiles: it can restore, not back up");
  else if (!session->may("deleteFiles"))
    call.log(STREAMD_LOG_WARN,
             "the application key lacks the capability deleteFiles: nothing that is no longer "
             "needed can be removed, and it stays billed");
  const Settings& settings = client_.settings();
  out.flags = STREAMD_CAP_STRONG_LIST | STREAMD_CAP_ORDERED_LIST;
  out.max_concurrency = settings.max_concurrency;
  out.max_object_size = kLargestObject;
  out.part_size = std::max(settings.part_size, session->minimum_part);
  out.max_remove_batch = kLargestBatch;
  return STREAMD_OK;
}

streamd_code Store::expiry_rules(const sdk::Call& call, std::vector<cloud::ExpiryRule>& rules) {
  const std::string what = "look at the lifecycle rules of " + client_.settings().bucket;
  SessionPointer known;
  if (const auto code = client_.session(call, what, known); code != STREAMD_OK) return code;
  std::string bucket;
  const Request list{
      what, {"listBuckets"}, known->name_prefix, [&](const Session& session) {
        bucket = session.bucket_id;
        const nlohmann::json given = {{"accountId", session.account_id}, {"bucketId", bucket}};
        return Client::api_request(session, "b2_list_buckets", given.dump(), what);
      }};
  HttpResponse response;
  if (const auto code = client_.exchange(call, list, response); code != STREAMD_OK) return code;
  rules = parse_expiry(response.body, bucket);
  return STREAMD_OK;
}

// A download, or a look at what would be downloaded.
Request Store::about_file(const char* method, const std::string& key, const std::string& what,
                          const Pairs& headers) const {
  return {what, {"readFiles"}, key, [this, method, key, headers](const Session& session) {
            HttpRequest request;
            request.method = method;
            request.url = session.download_url + "/file/" + client_.settings().bucket + "/" +
                          percent_encode_path(key);
            request.headers = {{"Authorization", session.token}, {"User-Agent", "streamd"}};
            request.headers.insert(request.headers.end(), headers.begin(), headers.end());
            return request;
          }};
}

streamd_code Store::get(const sdk::Call& call, const streamd_get& request, const streamd_sink& sink,
                        streamd_object& out) {
  if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
  const std::string what = on("read", request.key);
  if (why_no_name(request.key) != nullptr)
    return call.fail(STREAMD_NOT_FOUND, "cannot %s: no such object", what.c_str());
  RangedRead read(call, request, sink, what);
  if (request.length == 0) return nothing_there(call, request, read, out);
  Pairs headers;
  read.ask(headers);
  Request get = about_file("GET", request.key, what, headers);
  get.make = [make = std::move(get.make), &read](const Session& session) {
    HttpRequest made = make(session);
    made.sink = [&read](const HttpResponse& head, const char* data, std::size_t size) {
      return read.take(head, data, size);
    };
    return made;
  };
  HttpResponse response;
  if (const auto code = client_.send(call, get, response); code != STREAMD_OK) return code;
  if (response.status == 416) return nothing_there(call, request, read, out);
  if (is_refused_name(response))
    return call.fail(STREAMD_NOT_FOUND, "cannot %s: no such object", what.c_str());
  if (!response.ok()) return fail_response(call, what, response);
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
  const std::string what = on("look at", key);
  if (why_no_name(key) != nullptr)
    return call.fail(STREAMD_NOT_FOUND, "cannot %s: no such object", what.c_str());
  HttpResponse response;
  if (const auto code = client_.send(call, about_file("HEAD", key, what, {}), response);
      code != STREAMD_OK)
    return code;
  if (response.ok()) {
    out = object_of(response);
    return STREAMD_OK;
  }
  if (response.status == 404)
    return call.error(STREAMD_NOT_FOUND)
        .http(404)
        .message("cannot %s: no such object", what.c_str());
  // The answer to HEAD has no body that would say why: the same again as a GET of one byte.
  HttpResponse words;
  const Request get = about_file("GET", key, what, {{"Range", "bytes=0-0"}});
  if (const auto code = client_.send(call, get, words); code != STREAMD_OK) return code;
  if (is_refused_name(words))
    return call.fail(STREAMD_NOT_FOUND, "cannot %s: no such object", what.c_str());
  return fail_response(call, what, words.ok() || words.status == 416 ? response : words);
}

}  // namespace streamd::b2
