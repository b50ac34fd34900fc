#include "failure.h"

#include <boost/test/unit_test.hpp>

#include "test_call.h"

namespace streamd::s3 {
namespace {

std::string error_body(const std::string& code, const std::string& more = "") {
  return "<Error><Code>" + code + "</Code><Message>Some words.</Message>" + more +
         "<RequestId>body-id</RequestId></Error>";
}

BOOST_AUTO_TEST_SUITE(failure)

BOOST_AUTO_TEST_CASE(the_word_comes_before_the_status) {
  BOOST_TEST(code_of(404, "NoSuchBucket") == STREAMD_INVALID_CONFIG);
  BOOST_TEST(code_of(404, "NoSuchKey") == STREAMD_NOT_FOUND);
  BOOST_TEST(code_of(403, "SignatureDoesNotMatch") == STREAMD_AUTH);
  BOOST_TEST(code_of(403, "AccessDenied") == STREAMD_PERMISSION);
  BOOST_TEST(code_of(400, "ExpiredToken") == STREAMD_AUTH);
  BOOST_TEST(code_of(400, "RequestTimeout") == STREAMD_TRANSIENT);
  BOOST_TEST(code_of(409, "ConditionalRequestConflict") == STREAMD_TRANSIENT);
  BOOST_TEST(code_of(503, "SlowDown") == STREAMD_THROTTLED);
  BOOST_TEST(code_of(400, "BadDigest") == STREAMD_CORRUPT);
}

BOOST_AUTO_TEST_CASE(the_status_when_there_is_no_word) {
  BOOST_TEST(code_of(404, "") == STREAMD_NOT_FOUND);
  BOOST_TEST(code_of(401, "") == STREAMD_AUTH);
  BOOST_TEST(code_of(403, "Strange") == STREAMD_PERMISSION);
  BOOST_TEST(code_of(408, "") == STREAMD_TRANSIENT);
  BOOST_TEST(code_of(409, "") == STREAMD_TRANSIENT);
  BOOST_TEST(code_of(412, "") == STREAMD_EXISTS);
  BOOST_TEST(code_of(429, "") == STREAMD_THROTTLED);
  BOOST_TEST(code_of(500, "") == STREAMD_TRANSIENT);
  BOOST_TEST(code_of(501, "") == STREAMD_UNSUPPORTED);
  BOOST_TEST(code_of(502, "") == STREAMD_TRANSIENT);
  BOOST_TEST(code_of(400, "Strange") == STREAMD_INVALID_CONFIG);
}

BOOST_AUTO_TEST_CASE(what_the_person_reads) {
  TestCall host;
  const sdk::Call call(&host.abi);
  HttpResponse response;
  response.status = 503;
  response.headers = {{"x-amz-request-id", "header-id"}, {"retry-after", "7"}};
  response.body = error_body("SlowDown");
  BOOST_TEST(fail_response(call, "store k in b", response, 0) == STREAMD_THROTTLED);
  BOOST_TEST(host.error.http_status == 503);
  BOOST_TEST(host.error.retry_after_ms == 7000);
  BOOST_TEST(std::string(host.error.provider_code) == "SlowDown");
  BOOST_TEST(std::string(host.error.request_id) == "header-id");
  BOOST_TEST(host.message() == "cannot store k in b: SlowDown: Some words");
}

BOOST_AUTO_TEST_CASE(retry_after_in_its_forms) {
  TestCall host;
  const sdk::Call call(&host.abi);
  HttpResponse response;
  response.status = 503;
  response.headers = {{"retry-after", "Sun, 30 Aug 2015 12:36:10 GMT"}};
  BOOST_TEST(fail_response(call, "x", response, 1440938160) == STREAMD_THROTTLED);
  BOOST_TEST(host.error.retry_after_ms == 10'000);
  for (const char* text : {"soon", "-5", ""}) {
    response.headers = {{"retry-after", text}};
    host.error.retry_after_ms = -1;
    BOOST_TEST(fail_response(call, "x", response, 0) == STREAMD_TRANSIENT);
    BOOST_TEST(host.error.retry_after_ms == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_region_names_the_right_one) {
  TestCall host;
  const sdk::Call call(&host.abi);
  HttpResponse response;
  response.status = 400;
  response.body = error_body("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>");
  BOOST_TEST(fail_response(call, "x", response, 0) == STREAMD_INVALID_CONFIG);
  BOOST_TEST(host.message().find("the bucket is in region eu-west-1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_the_store_does_not_say) {
  const auto message = [](int status, const std::string& body) {
    TestCall host;
    const sdk::Call call(&host.abi);
    HttpResponse response;
    response.status = status;
    response.body = body;
    fail_response(call, "x", response, 0);
    return host.message();
  };
  for (const char* word : {"AccessDenied", "MethodNotAllowed"})
    BOOST_TEST(message(403, error_body(word)).find("s3:ListBucket") != std::string::npos);
  BOOST_TEST(message(403, error_body("SignatureDoesNotMatch")).find("is the secret right?") !=
             std::string::npos);
  BOOST_TEST(message(403, error_body("RequestTimeTooSkewed")).find("the clock of this machine") !=
             std::string::npos);
  BOOST_TEST(message(500, "") == "cannot x: status 500");
}

BOOST_AUTO_TEST_CASE(credentials_that_a_new_token_heals) {
  for (const char* word : {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken",
                           "TokenRefreshRequired", "RequestExpired"})
    BOOST_TEST(is_outdated(word), word);
  BOOST_TEST(!is_outdated("AccessDenied"));
}

BOOST_AUTO_TEST_CASE(a_bucket_that_wants_md5) {
  const auto wants = [](int status, const std::string& code, const std::string& message) {
    HttpResponse response;
    response.status = status;
    response.body = "<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>";
    return wants_md5(response);
  };
  BOOST_TEST(wants(400, "InvalidRequest",
                   "Content-MD5 HTTP header is required for Put Part requests with Object Lock "
                   "parameters"));
  BOOST_TEST(wants(400, "MissingContentMD5", "Missing required header: Content-MD5."));
  BOOST_TEST(!wants(400, "InvalidRequest", "Missing required header"));
  BOOST_TEST(!wants(400, "InvalidDigest", "The Content-MD5 you specified is not valid."));
  BOOST_TEST(!wants(403, "InvalidRequest", "Content-MD5 is required"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::s3
