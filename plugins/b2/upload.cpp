#include "upload.h"

#include <nlohmann/json.hpp>

#include "encoding.h"
#include "failure.h"
#include "hashed_body.h"

namespace streamd::b2 {
namespace {

streamd_code new_url(Client& client, const sdk::Call& call, const std::string& key,
                     const std::string& what, UploadUrl& url) {
  const Request ask{what, {"writeFiles"}, key, [&what](const Session& session) {
                      const nlohmann::json given = {{"bucketId", session.bucket_id}};
                      return Client::api_request(session, "b2_get_upload_url", given.dump(), what);
                    }};
  HttpResponse response;
  if (const auto code = client.exchange(call, ask, response); code != STREAMD_OK) return code;
  if (!parse_upload_url(response.body, url))
    return call.fail(STREAMD_TRANSIENT, "cannot %s: the store gave no upload URL", what.c_str());
  if (client.settings().endpoint.tls && !url.url.starts_with("https://"))
    return call.fail(STREAMD_INVALID_CONFIG, "cannot %s: the store names an upload URL without TLS",
                     what.c_str());
  return STREAMD_OK;
}

// One try. `fate` says what is to become of the URL.
streamd_code send(Client& client, const sdk::Call& call, const HttpRequest& request,
                  const HashedBody& body, FileVersion& stored, UrlFate& fate) {
  fate = UrlFate::kGone;
  Wire wire(client.connections());
  Transfer transfer(client.settings().network, call, request);
  wire.start(transfer);
  Transfer* done = nullptr;
  if (const auto code = wire.next(call, done); code != STREAMD_OK) return code;
  const HttpResponse& response = transfer.response();
  const streamd_code code = transfer.result();
  if (transfer.stopped()) return code;
  fate = url_fate(code == STREAMD_OK ? response : HttpResponse{});
  if (code != STREAMD_OK) return code;
  if (!response.ok()) return fail_response(call, request.what, response);
  if (!parse_file(response.body, stored) || stored.sha1 != body.sha1() ||
      stored.size != body.size()) {
    fate = UrlFate::kReplace;
    return call.fail(STREAMD_CORRUPT, "cannot %s: the store has other bytes than were sent",
                     request.what.c_str());
  }
  return STREAMD_OK;
}

}  // namespace

HttpRequest upload_request(const UploadUrl& url, const Pairs& headers, const Body& body,
                           const std::string& what) {
  HttpRequest request;
  request.method = "POST";
  request.url = url.url;
  request.headers = {{"Authorization", url.token},
                     {"X-Bz-Content-Sha1", "hex_digits_at_end"},
                     {"User-Agent", "streamd"}};
  request.headers.insert(request.headers.end(), headers.begin(), headers.end());
  request.body = body;
  request.what = what;
  return request;
}

streamd_code upload(Client& client, UploadUrls& urls, const sdk::Call& call, const std::string& key,
                    const std::string& what, const streamd_source& source, FileVersion& stored) {
  const Pairs headers = {{"X-Bz-File-Name", percent_encode_path(key)},
                         {"Content-Type", "application/octet-stream"}};
  // The key's restrictions are known without asking for a URL, also when one is at hand.
  const Request allowed{what, {"writeFiles"}, key, [](const Session&) { return HttpRequest{}; }};
  HttpRequest unused;
  SessionPointer session;
  if (const auto code = client.prepare(call, allowed, unused, session); code != STREAMD_OK)
    return code;
  HashedBody body(source, 0, source.size);
  for (int attempt = 1;; ++attempt) {
    if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
    UploadUrl url;
    if (auto idle = urls.take(); idle.has_value()) {
      url = std::move(*idle);
    } else if (const auto code = new_url(client, call, key, what, url); code != STREAMD_OK) {
      return code;
    }
    UrlFate fate = UrlFate::kGone;
    const HttpRequest request = upload_request(url, headers, body.body(), what);
    const streamd_code code = send(client, call, request, body, stored, fate);
    if (fate == UrlFate::kGood) urls.give_back(std::move(url));
    if (fate != UrlFate::kReplace || attempt == kUploadAttempts) return code;
    call.log(STREAMD_LOG_DEBUG, "an upload URL failed and is replaced: " + what);
  }
}

}  // namespace streamd::b2
