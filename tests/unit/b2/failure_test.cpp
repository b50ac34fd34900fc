#include "failure.h"

#include <boost/test/unit_test.hpp>

#include "test_call.h"

namespace streamd::b2 {
namespace {

HttpResponse answer(int status, const std::string& code, const std::string& message = "words.") {
  HttpResponse response;
  response.status = status;
  response.body = "{\"status\":" + std::to_string(status) + ",\"code\":\"" + code +
                  "\",\"message\":\"" + message + "\"}";
  return response;
}

BOOST_AUTO_TEST_SUITE(failure)

BOOST_AUTO_TEST_CASE(the_word_comes_before_the_status) {
  BOOST_TEST(code_of(400, "no_such_file") == STREAMD_NOT_FOUND);
  BOOST_TEST(code_of(400, "bad_bucket_id") == STREAMD_INVALID_CONFIG);
  BOOST_TEST(code_of(401, "expired_auth_token") == STREAMD_AUTH);
  BOOST_TEST(code_of(401, "unauthorized") == STREAMD_PERMISSION);
  BOOST_TEST(code_of(403, "access_denied") == STREAMD_PERMISSION);
  for (const char* cap : {"cap_exceeded", "storage_cap_exceeded", "transaction_cap_exceeded",
                          "download_cap_exceeded"})
    BOOST_TEST(code_of(403, cap) == STREAMD_THROTTLED, cap);
  BOOST_TEST(code_of(400, "auth_token_limit") == STREAMD_TRANSIENT);
  BOOST_TEST(code_of(404, "") == STREAMD_NOT_FOUND);
  BOOST_TEST(code_of(429, "") == STREAMD_THROTTLED);
  BOOST_TEST(code_of(408, "") == STREAMD_TRANSIENT);
  BOOST_TEST(code_of(503, "") == STREAMD_TRANSIENT);
  BOOST_TEST(code_of(400, "bad_json") == STREAMD_INTERNAL);
}

BOOST_AUTO_TEST_CASE(what_the_person_reads) {
  TestCall host;
  const sdk::Call call(&host.abi);
  HttpResponse busy = answer(503, "service_unavailable", "no tomes available");
  BOOST_TEST(fail_response(call, "store a", busy) == STREAMD_TRANSIENT);
  BOOST_TEST(host.message() == "cannot store a: service_unavailable: no tomes available");
  BOOST_TEST(host.error.provider_code == std::string("service_unavailable"));
  BOOST_TEST(host.error.http_status == 503);
  busy.headers = {{"retry-after", "7"}};
  BOOST_TEST(fail_response(call, "store a", busy) == STREAMD_THROTTLED);
  BOOST_TEST(host.error.retry_after_ms == 7000);
  BOOST_TEST(fail_response(call, "list", answer(403, "transaction_cap_exceeded")) ==
             STREAMD_THROTTLED);
  BOOST_TEST(host.message().find("cannot list: transaction_cap_exceeded: words (a cap") == 0u);
  BOOST_TEST(fail_response(call, "store a",
                           answer(400, "bad_request", "Sha1 did not match data received")) ==
             STREAMD_CORRUPT);
  BOOST_TEST(fail_response(call, "store a", answer(400, "bad_request", "File names must not")) ==
             STREAMD_UNSUPPORTED);
}

BOOST_AUTO_TEST_CASE(what_becomes_of_an_upload_url) {
  HttpResponse silence, fine;
  fine.status = 200;
  BOOST_TEST((url_fate(fine) == UrlFate::kGood));
  BOOST_TEST((url_fate(answer(429, "too_many_requests")) == UrlFate::kGood));
  BOOST_TEST((url_fate(silence) == UrlFate::kReplace));
  for (const int status : {408, 500, 502, 503})
    BOOST_TEST((url_fate(answer(status, "")) == UrlFate::kReplace), status);
  BOOST_TEST((url_fate(answer(401, "expired_auth_token")) == UrlFate::kReplace));
  BOOST_TEST((url_fate(answer(401, "unauthorized")) == UrlFate::kGone));
  BOOST_TEST((url_fate(answer(400, "auth_token_limit")) == UrlFate::kReplace));
  BOOST_TEST((url_fate(answer(400, "bad_request", "Sha1 did not match")) == UrlFate::kReplace));
  BOOST_TEST((url_fate(answer(400, "bad_request")) == UrlFate::kGone));
  BOOST_TEST((url_fate(answer(403, "cap_exceeded")) == UrlFate::kGone));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::b2
