#include "failure.h"

#include <ctime>
#include <string_view>

#include "reply.h"

namespace streamd::b2 {
namespace {

struct Word {
  std::string_view code;
  streamd_code means;
};

constexpr Word kWords[] = {
    {"not_found", STREAMD_NOT_FOUND},           {"no_such_file", STREAMD_NOT_FOUND},
    {"file_not_present", STREAMD_NOT_FOUND},    {"bad_bucket_id", STREAMD_INVALID_CONFIG},
    {"bad_auth_token", STREAMD_AUTH},           {"expired_auth_token", STREAMD_AUTH},
    {"email_not_verified", STREAMD_PERMISSION}, {"unauthorized", STREAMD_PERMISSION},
    {"access_denied", STREAMD_PERMISSION},      {"too_many_requests", STREAMD_THROTTLED},
    {"request_timeout", STREAMD_TRANSIENT},     {"internal_error", STREAMD_TRANSIENT},
    {"service_unavailable", STREAMD_TRANSIENT}, {"conflict", STREAMD_TRANSIENT},
    {"auth_token_limit", STREAMD_TRANSIENT},    {"bad_sha1_checksum", STREAMD_CORRUPT},
};

bool is_cap(const std::string& code) {
  return code.ends_with("cap_exceeded");
}
bool is_damaged(const ErrorReply& reply) {
  return reply.code == "bad_sha1_checksum" ||
         (reply.code == "bad_request" && reply.message.starts_with("Sha1 did not match"));
}

bool is_about_name(const ErrorReply& reply) {
  return reply.code == "invalid_file_name" ||
         (reply.code == "bad_request" && reply.message.find("ile name") != std::string::npos);
}

// What the person should know that the store does not say.
std::string advice(int status, const std::string& code) {
  if (is_cap(code))
    return " (a cap that the account's owner has set is reached: it can be raised under Caps & "
           "Alerts; daily caps begin anew at midnight UTC)";
  if (code == "unauthorized" || code == "access_denied")
    return " (the application key may not do this, or not with this bucket and these names)";
  if (status == 401) return " (is the application key still there?)";
  return {};
}

}  // namespace

streamd_code code_of(int status, const std::string& code) {
  if (is_cap(code)) return STREAMD_THROTTLED;  // passes by itself, or when somebody raises it
  for (const Word& word : kWords)
    if (word.code == code) return word.means;
  if (status == 401) return STREAMD_AUTH;
  if (status == 403) return STREAMD_PERMISSION;
  if (status == 404) return STREAMD_NOT_FOUND;
  if (status == 408 || status == 409) return STREAMD_TRANSIENT;
  if (status == 429) return STREAMD_THROTTLED;
  if (status >= 500) return STREAMD_TRANSIENT;
  return STREAMD_INTERNAL;  // a request that B2 does not understand is our mistake
}

streamd_code fail_response(const sdk::Call& call, const std::string& what,
                           const HttpResponse& response) {
  const ErrorReply reply = parse_error(response.body);
  const std::int64_t wait = response.retry_after_ms(std::time(nullptr));
  streamd_code code = code_of(response.status, reply.code);
  if (response.status == 503 && wait > 0) code = STREAMD_THROTTLED;
  if (is_damaged(reply)) code = STREAMD_CORRUPT;
  if (is_about_name(reply)) code = STREAMD_UNSUPPORTED;
  std::string why = "status " + std::to_string(response.status);
  if (!reply.code.empty()) why = reply.code + (reply.message.empty() ? "" : ": " + reply.message);
  while (why.ends_with('.')) why.pop_back();
  why += advice(response.status, reply.code);
  return call.error(code)
      .http(response.status)
      .provider(reply.code)
      .retry_after_ms(wait)
      .message("cannot %s: %s", what.c_str(), why.c_str());
}

bool is_refused_name(const HttpResponse& response) {
  return response.status == 400 && is_about_name(parse_error(response.body));
}

bool is_expired(const HttpResponse& response) {
  if (response.status != 401) return false;
  const std::string code = parse_error(response.body).code;
  return code.empty() || code == "expired_auth_token" || code == "bad_auth_token";
}

UrlFate url_fate(const HttpResponse& response) {
  if (response.ok() || response.status == 429) return UrlFate::kGood;
  const ErrorReply reply = parse_error(response.body);
  const bool another = response.status == 0 || response.status == 408 || response.status >= 500 ||
                       is_expired(response) || reply.code == "auth_token_limit" ||
                       is_damaged(reply);
  return another ? UrlFate::kReplace : UrlFate::kGone;
}

}  // namespace streamd::b2
