#include "client.h"

#include <nlohmann/json.hpp>

#include "digest.h"
#include "failure.h"

namespace streamd::b2 {
namespace {

// Version 3 is enough for all that is asked, but not for all keys: those that the vendor's tools
// make for a bucket since 2025 are refused there.
constexpr const char* kApi = "/b2api/v4/";

std::string listed(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all.empty() ? "nothing" : all;
}

}  // namespace

streamd_code Client::transfer(const sdk::Call& call, const HttpRequest& request,
                              HttpResponse& response) {
  Wire wire(connections_);
  Transfer sent(settings_.network, call, request);
  wire.start(sent);
  Transfer* done = nullptr;
  if (const auto code = wire.next(call, done); code != STREAMD_OK) return code;
  const streamd_code code = sent.result();
  response = sent.response();
  return code;
}

HttpRequest Client::api_request(const Session& session, const char* name, const std::string& json,
                                const std::string& what) {
  HttpRequest request;
  request.method = "POST";
  request.url = session.api_url + kApi + name;
  request.headers = {{"Authorization", session.token},
                     {"Content-Type", "application/json"},
                     {"User-Agent", "streamd"}};
  request.body = body_of(json);
  request.what = what;
  return request;
}

streamd_code Client::authorize(const sdk::Call& call, const std::string& what, Session& found) {
  if (settings_.key_id.empty())
    return call.fail(STREAMD_AUTH, "cannot %s: no application key found; looked in %s",
                     what.c_str(), settings_.looked_in.c_str());
  HttpRequest request;
  request.method = "GET";
  request.url = settings_.endpoint.scheme() + "://" + settings_.endpoint.authority() + kApi +
                "b2_authorize_account";
  request.headers = {
      {"Authorization", "Basic " + base64(settings_.key_id + ":" + settings_.application_key)},
      {"User-Agent", "streamd"}};
  request.what = what;
  HttpResponse response;
  if (const auto code = transfer(call, request, response); code != STREAMD_OK) return code;
  if (response.status == 401) {
    const std::string word = parse_error(response.body).code;
    return call.error(STREAMD_AUTH)
        .http(401)
        .provider(word)
        .message(
            "cannot %s: the store refuses the application key %s: %s (are key-id and "
            "application-key right, and is the key still there?)",
            what.c_str(), settings_.key_id.c_str(), word.c_str());
  }
  if (!response.ok()) return fail_response(call, what + ", asking for an authorization", response);
  if (!parse_session(response.body, found))
    return call.fail(STREAMD_INVALID_CONFIG, "cannot %s: %s does not answer as B2 does",
                     what.c_str(), settings_.endpoint.authority().c_str());
  for (const std::string& url : {found.api_url, found.download_url})
    if (settings_.endpoint.tls && !url.starts_with("https://"))
      return call.fail(STREAMD_INVALID_CONFIG, "cannot %s: the store names %s, which is not https",
                       what.c_str(), url.c_str());
  return STREAMD_OK;
}

streamd_code Client::find_bucket(const sdk::Call& call, const std::string& what, Session& found) {
  const std::string& wanted = settings_.bucket;
  std::string others;
  for (const Bucket& bucket : found.buckets) {
    if (bucket.name == wanted) {
      found.bucket_id = bucket.id;
      return STREAMD_OK;
    }
    others +=
        (others.empty() ? "" : ", ") + (bucket.name.empty() ? "one that is gone" : bucket.name);
  }
  if (!others.empty())
    return call.fail(STREAMD_PERMISSION,
                     "cannot %s: the application key is restricted to bucket %s", what.c_str(),
                     others.c_str());
  if (!found.may("listBuckets"))
    return call.fail(STREAMD_PERMISSION,
                     "cannot %s: the application key lacks the capability listBuckets, which one "
                     "that is not restricted to a bucket needs",
                     what.c_str());
  const nlohmann::json given = {{"accountId", found.account_id}, {"bucketName", wanted}};
  HttpResponse response;
  const HttpRequest request = api_request(found, "b2_list_buckets", given.dump(), what);
  if (const auto code = transfer(call, request, response); code != STREAMD_OK) return code;
  if (!response.ok()) return fail_response(call, what + ", looking for the bucket", response);
  found.bucket_id = parse_bucket_id(response.body, wanted);
  if (found.bucket_id.empty())
    return call.fail(STREAMD_INVALID_CONFIG,
                     "cannot %s: there is no bucket %s, or the key may not see it", what.c_str(),
                     wanted.c_str());
  return STREAMD_OK;
}

streamd_code Client::session(const sdk::Call& call, const std::string& what, SessionPointer& out) {
  CallLock::Held held;
  if (const streamd_code code = lock_.take(call, held); code != STREAMD_OK) return code;
  if (known_ == nullptr) {
    Session found;
    if (const auto code = authorize(call, what, found); code != STREAMD_OK) return code;
    if (const auto code = find_bucket(call, what, found); code != STREAMD_OK) return code;
    known_ = std::make_shared<const Session>(std::move(found));
  }
  out = known_;
  return STREAMD_OK;
}

streamd_code Client::prepare(const sdk::Call& call, const Request& request, HttpRequest& out,
                             SessionPointer& used) {
  if (const auto code = session(call, request.what, used); code != STREAMD_OK) return code;
  for (const char* needed : request.capabilities)
    if (!used->may(needed))
      return call.fail(STREAMD_PERMISSION,
                       "cannot %s: the application key lacks the capability %s (it has %s)",
                       request.what.c_str(), needed, listed(used->capabilities).c_str());
  if (!request.name.starts_with(used->name_prefix))
    return call.fail(STREAMD_PERMISSION,
                     "cannot %s: the application key is restricted to names that begin with %s, so "
                     "path must lie in there",
                     request.what.c_str(), used->name_prefix.c_str());
  out = request.make(*used);
  out.what = request.what;
  return STREAMD_OK;
}

bool Client::learn(const sdk::Call& call, const SessionPointer& used,
                   const HttpResponse& response) {
  const bool gone = parse_error(response.body).code == "bad_bucket_id";
  if (!is_expired(response) && !gone) return false;
  CallLock::Held held;
  if (lock_.take(call, held) != STREAMD_OK) return false;
  if (known_ == used) known_ = nullptr;
  return !gone;
}

streamd_code Client::send(const sdk::Call& call, const Request& request, HttpResponse& response) {
  for (bool again = true;; again = false) {
    if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
    HttpRequest made;
    SessionPointer used;
    if (const auto code = prepare(call, request, made, used); code != STREAMD_OK) return code;
    if (const auto code = transfer(call, made, response); code != STREAMD_OK) return code;
    if (!learn(call, used, response) || !again) return STREAMD_OK;
  }
}

streamd_code Client::exchange(const sdk::Call& call, const Request& request,
                              HttpResponse& response) {
  if (const auto code = send(call, request, response); code != STREAMD_OK) return code;
  return response.ok() ? STREAMD_OK : fail_response(call, request.what, response);
}

}  // namespace streamd::b2
