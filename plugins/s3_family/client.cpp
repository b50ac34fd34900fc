#include "client.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "body_hash.h"
#include "digest.h"
#include "failure.h"
#include "reply.h"
#include "signature.h"

namespace streamd::s3 {
namespace {

constexpr int kLessons = 2;  // that a request may need: of the time or the credentials, and of MD5
constexpr std::int64_t kOffsetMatters = 60;  // seconds; stores refuse above 900, some above 300
constexpr const char* kHashOfNothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// What must be signed, and nothing that somebody on the way may change.
bool is_signed(const std::string& name) {
  return name == "Host" || name == "Content-MD5" || name.starts_with("x-amz-");
}

}  // namespace

std::int64_t system_clock_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::int64_t Client::now() const {
  return clock_() + clock_offset_;
}

streamd_code Client::sign(const sdk::Call& call, const Request& request, SignedRequest& out) {
  const Address& address = settings_.address;
  out.signed_at = now();
  if (const auto code = credentials_->get(call, out.signed_at, out.credentials); code != STREAMD_OK)
    return code;
  const std::string date = amz_date(out.signed_at);
  SignedParts parts;
  parts.method = request.method;
  parts.path = address.base + request.key;
  if (request.key.empty() && parts.path.size() > 1) parts.path.pop_back();  // "/bucket"
  parts.query = request.query;
  parts.payload_hash = request.payload_hash.empty() ? kHashOfNothing : request.payload_hash;
  Pairs headers = {{"Host", address.endpoint.authority()},
                   {"x-amz-date", date},
                   {"x-amz-content-sha256", parts.payload_hash}};
  if (!out.credentials.session_token.empty())
    headers.emplace_back("x-amz-security-token", out.credentials.session_token);
  headers.insert(headers.end(), request.headers.begin(), request.headers.end());
  if (sends_md5_ && request.method == "PUT") {
    std::string md5;
    if (const auto code = md5_of_body(call, request.body, md5); code != STREAMD_OK) return code;
    headers.emplace_back("Content-MD5", md5);
  }
  for (const auto& header : headers)
    if (is_signed(header.first)) parts.headers.push_back(header);
  headers.emplace_back("Authorization",
                       authorization(parts,
                                     {out.credentials.access_key_id,
                                      out.credentials.secret_access_key, settings_.region},
                                     date));
  if (const std::string own = settings_.profile->header; !own.empty())
    headers.emplace_back(own.substr(0, own.find(':')), own.substr(own.find(':') + 2));
  headers.emplace_back("User-Agent", "streamd");
  const std::string query = encode_query(request.query);
  out.http.method = request.method;
  out.http.url = address.endpoint.scheme() + "://" + address.endpoint.authority() +
                 percent_encode_path(parts.path) + (query.empty() ? "" : "?" + query);
  out.http.headers = std::move(headers);
  out.http.body = request.body;
  out.http.what = request.what;
  out.http.sink = request.sink;
  return STREAMD_OK;
}

bool Client::learn(const sdk::Call& call, const SignedRequest& sent, const HttpResponse& response) {
  const std::int64_t theirs = from_http_date(response.header("date"));
  bool moved = false;
  if (theirs > 0 && std::llabs(theirs - now()) > kOffsetMatters) {
    clock_offset_ = theirs - clock_();
    moved = std::llabs(theirs - sent.signed_at) > kOffsetMatters;
    call.log(STREAMD_LOG_WARN, "the clock of this machine is " +
                                   std::to_string(std::llabs(clock_offset_)) +
                                   (clock_offset_ > 0 ? " s behind" : " s ahead of") +
                                   " the store's; requests are signed with the store's time");
  }
  if (response.ok()) return false;
  if (moved && (response.status == 403 || response.status == 400)) return true;
  return learn_md5(call, sent, response) || (is_outdated(parse_error(response.body).code) &&
                                             credentials_->expire(call, sent.credentials));
}

bool Client::learn_md5(const sdk::Call& call, const SignedRequest& sent,
                       const HttpResponse& response) {
  const Pairs& headers = sent.http.headers;
  const bool sent_it = std::any_of(headers.begin(), headers.end(), [](const auto& header) {
    return header.first == "Content-MD5";
  });
  if (sent.http.method != "PUT" || sent_it || !wants_md5(response)) return false;
  if (!sends_md5_.exchange(true))
    call.log(STREAMD_LOG_INFO,
             "the bucket " + settings_.bucket +
                 " wants Content-MD5 with what it stores; it is sent from now on");
  return true;
}

streamd_code Client::send(const sdk::Call& call, const Request& request, HttpResponse& response) {
  for (int lessons = kLessons;; --lessons) {
    if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
    SignedRequest made;
    if (const auto code = sign(call, request, made); code != STREAMD_OK) return code;
    Wire wire(connections_);
    Transfer transfer(settings_.network, call, made.http);
    wire.start(transfer);
    Transfer* done = nullptr;
    if (const auto code = wire.next(call, done); code != STREAMD_OK) return code;
    if (const auto code = transfer.result(); code != STREAMD_OK) return code;
    response = transfer.response();
    if (learn(call, made, response) && lessons > 0 && !transfer.delivered()) continue;
    return STREAMD_OK;
  }
}

streamd_code Client::exchange(const sdk::Call& call, const Request& request,
                              HttpResponse& response) {
  if (const auto code = send(call, request, response); code != STREAMD_OK) return code;
  return response.ok() ? STREAMD_OK : fail(call, request, response);
}

streamd_code Client::fail(const sdk::Call& call, const Request& request,
                          const HttpResponse& response) {
  return fail_response(call, request.what, response, now());
}

}  // namespace streamd::s3
