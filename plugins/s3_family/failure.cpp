#include "failure.h"

#include <string_view>

#include "reply.h"

namespace streamd::s3 {
namespace {

struct Word {
  std::string_view code;
  streamd_code means;
};

constexpr Word kWords[] = {
    {"NoSuchKey", STREAMD_NOT_FOUND},
    {"NoSuchBucket", STREAMD_INVALID_CONFIG},
    {"NoSuchUpload", STREAMD_TRANSIENT},  // aborted by somebody; a new upload may help
    {"InvalidPart", STREAMD_TRANSIENT},
    {"PreconditionFailed", STREAMD_EXISTS},
    {"ConditionalRequestConflict", STREAMD_TRANSIENT},
    {"OperationAborted", STREAMD_TRANSIENT},
    {"AccessDenied", STREAMD_PERMISSION},
    {"AllAccessDisabled", STREAMD_PERMISSION},
    {"AccountProblem", STREAMD_PERMISSION},
    {"MethodNotAllowed", STREAMD_PERMISSION},
    {"InvalidAccessKeyId", STREAMD_AUTH},
    {"SignatureDoesNotMatch", STREAMD_AUTH},
    {"ExpiredToken", STREAMD_AUTH},
    {"InvalidToken", STREAMD_AUTH},
    {"TokenRefreshRequired", STREAMD_AUTH},
    {"InvalidSecurity", STREAMD_AUTH},
    {"NotSignedUp", STREAMD_AUTH},
    {"Unauthorized", STREAMD_AUTH},
    {"RequestTimeTooSkewed", STREAMD_AUTH},
    {"RequestExpired", STREAMD_AUTH},
    {"SlowDown", STREAMD_THROTTLED},
    {"SlowDownRead", STREAMD_THROTTLED},
    {"SlowDownWrite", STREAMD_THROTTLED},
    {"Throttling", STREAMD_THROTTLED},
    {"ThrottlingException", STREAMD_THROTTLED},
    {"TooManyRequests", STREAMD_THROTTLED},
    {"RequestLimitExceeded", STREAMD_THROTTLED},
    {"BandwidthLimitExceeded", STREAMD_THROTTLED},
    {"RequestTimeout", STREAMD_TRANSIENT},
    {"IncompleteBody", STREAMD_TRANSIENT},
    {"InternalError", STREAMD_TRANSIENT},
    {"ServiceUnavailable", STREAMD_TRANSIENT},
    {"QuotaExceeded", STREAMD_TRANSIENT},  // like a full disk: somebody may make room
    {"BadDigest", STREAMD_CORRUPT},
    {"InvalidDigest", STREAMD_CORRUPT},
    {"XAmzContentSHA256Mismatch", STREAMD_CORRUPT},
    {"InvalidBucketName", STREAMD_INVALID_CONFIG},
    {"PermanentRedirect", STREAMD_INVALID_CONFIG},
    {"AuthorizationHeaderMalformed", STREAMD_INVALID_CONFIG},  // the region
    {"IllegalLocationConstraintException", STREAMD_INVALID_CONFIG},
    {"InvalidStorageClass", STREAMD_INVALID_CONFIG},
    {"InvalidObjectState", STREAMD_INVALID_CONFIG},  // in a class that must be thawed
    {"KMS.DisabledException", STREAMD_INVALID_CONFIG},
    {"KMS.NotFoundException", STREAMD_INVALID_CONFIG},
    {"TemporaryRedirect", STREAMD_TRANSIENT},
    {"NotImplemented", STREAMD_UNSUPPORTED},
    {"KeyTooLongError", STREAMD_UNSUPPORTED},
    {"EntityTooLarge", STREAMD_UNSUPPORTED},
    {"InvalidURI", STREAMD_UNSUPPORTED},
};

// What the person should know that the store does not say.
std::string advice(const std::string& code, const ErrorReply& reply) {
  if (code == "AccessDenied" || code == "MethodNotAllowed")
    return " (does the key's policy allow it? without s3:ListBucket a missing object looks so too)";
  if (code == "SignatureDoesNotMatch") return " (is the secret right? is the bucket's name right?)";
  if (!reply.region.empty()) return " (the bucket is in region " + reply.region + ")";
  if (code == "RequestTimeTooSkewed") return " (the clock of this machine is wrong)";
  return {};
}

}  // namespace

bool is_outdated(const std::string& code) {
  return code == "ExpiredToken" || code == "InvalidAccessKeyId" || code == "InvalidToken" ||
         code == "TokenRefreshRequired" || code == "RequestExpired";
}

bool wants_md5(const HttpResponse& response) {
  if (response.status != 400) return false;
  const ErrorReply reply = parse_error(response.body);
  return (reply.code == "InvalidRequest" || reply.code == "MissingContentMD5") &&
         reply.message.find("Content-MD5") != std::string::npos;
}

streamd_code code_of(int status, const std::string& code) {
  for (const Word& word : kWords)
    if (word.code == code) return word.means;
  if (status == 404) return STREAMD_NOT_FOUND;
  if (status == 401) return STREAMD_AUTH;
  if (status == 403) return STREAMD_PERMISSION;
  if (status == 408 || status == 409) return STREAMD_TRANSIENT;
  if (status == 412) return STREAMD_EXISTS;
  if (status == 429) return STREAMD_THROTTLED;
  if (status == 501) return STREAMD_UNSUPPORTED;
  if (status >= 500) return STREAMD_TRANSIENT;
  return STREAMD_INVALID_CONFIG;
}

streamd_code fail_response(const sdk::Call& call, const std::string& what,
                           const HttpResponse& response, std::int64_t now) {
  const ErrorReply reply = parse_error(response.body);
  const std::int64_t wait = response.retry_after_ms(now);
  streamd_code code = code_of(response.status, reply.code);
  if (response.status == 503 && wait > 0) code = STREAMD_THROTTLED;
  std::string id = response.header("x-amz-request-id");
  if (id.empty()) id = reply.request_id;
  std::string why = reply.code.empty() ? "status " + std::to_string(response.status)
                                       : reply.code + ": " + reply.message;
  while (why.ends_with('.')) why.pop_back();
  why += advice(reply.code, reply);
  return call.error(code)
      .http(response.status)
      .provider(reply.code)
      .request_id(id)
      .retry_after_ms(wait)
      .message("cannot %s: %s", what.c_str(), why.c_str());
}

}  // namespace streamd::s3
