// What goes over the wire, and what is made of what comes back.
#include <fcntl.h>

#include <chrono>

#include "close_on_exec.h"
#include "digest.h"
#include "scripted_store.h"

namespace streamd::s3 {
namespace {

BOOST_AUTO_TEST_SUITE(request)

BOOST_AUTO_TEST_CASE(plain_headers_that_every_clone_accepts) {
  ScriptedServer server([](const SeenRequest&, std::size_t) { return response(200, ""); });
  const auto driver = open_at(server.endpoint());
  const TestCall host;
  BOOST_TEST(put(*driver, host, "a b/c+d", TestSource(1'000'000)) == STREAMD_OK);
  BOOST_TEST(put(*driver, host, "empty", TestSource(0)) == STREAMD_OK);
  const auto seen = server.seen();
  BOOST_REQUIRE(seen.size() == 2u);
  BOOST_TEST(seen[0].line() == "PUT /bucket/a%20b/c%2Bd HTTP/1.1");
  BOOST_TEST(seen[0].header("Content-Length") == "1000000");
  BOOST_TEST(seen[0].header("x-amz-content-sha256") == hex(sha256(std::string(1'000'000, 'x'))));
  BOOST_TEST(
      seen[0].header("Authorization").find("SignedHeaders=host;x-amz-content-sha256;x-amz-date,") !=
      std::string::npos);
  BOOST_TEST(seen[1].header("Content-Length") == "0");
  for (const SeenRequest& one : seen)
    for (const char* never : {"Transfer-Encoding", "Accept-Encoding", "Content-Encoding", "Expect",
                              "Content-Type", "x-amz-trailer", "x-amz-storage-class"})
      BOOST_TEST(one.header(never) == "", never);
}

std::string date_in(std::int64_t seconds_from_now) {
  const std::time_t time = std::time(nullptr) + seconds_from_now;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[64];
  std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
  return text;
}

BOOST_AUTO_TEST_CASE(the_clock_is_learned_from_the_store) {
  const std::string date = date_in(-3 * 3600);
  ScriptedServer server([&](const SeenRequest&, std::size_t number) {
    return number == 1 ? response(403, error_xml("RequestTimeTooSkewed"), date)
                       : response(200, "", date);
  });
  const auto driver = open_at(server.endpoint());
  const TestCall host;
  BOOST_TEST(put(*driver, host, "k", TestSource(1)) == STREAMD_OK);
  BOOST_TEST(put(*driver, host, "k", TestSource(1)) == STREAMD_OK);
  const auto seen = server.seen();
  BOOST_REQUIRE(seen.size() == 3u);  // refused once, then right at once
  BOOST_TEST(seen[0].header("x-amz-date") != seen[1].header("x-amz-date"));
  const std::string theirs = amz_date(std::time(nullptr) - 3 * 3600);
  BOOST_TEST(seen[1].header("x-amz-date").substr(0, 11) == theirs.substr(0, 11));
  BOOST_TEST(host.logged("s ahead of the store's"));
}

BOOST_AUTO_TEST_CASE(a_refusal_with_the_right_time_is_final) {
  ScriptedServer server([&](const SeenRequest&, std::size_t) {
    return response(403, error_xml("SignatureDoesNotMatch"), date_in(0));
  });
  const auto driver = open_at(server.endpoint());
  const TestCall host;
  BOOST_TEST(put(*driver, host, "k", TestSource(1)) == STREAMD_AUTH);
  BOOST_TEST(server.seen().size() == 1u);
  BOOST_TEST(host.message().find("secret right?") != std::string::npos);
}

// Gives another token each time.
class Tokens final : public CredentialSource {
 public:
  const char* name() const override { return "a test"; }
  streamd_code load(const sdk::Call&, Credentials& found) override {
    found = {"AKID", "secret", "token" + std::to_string(++given_), INT64_MAX};
    return STREAMD_OK;
  }

 private:
  int given_ = 0;
};

void expect_renewed_once(int status, const char* word) {
  ScriptedServer server([&](const SeenRequest& request, std::size_t) {
    return request.header("x-amz-security-token") == "token2" ? response(200, "")
                                                              : response(status, error_xml(word));
  });
  Settings settings;
  settings.profile = find_profile("generic");
  settings.address = address_of(parse_endpoint(server.endpoint()), "bucket", false);
  std::vector<std::unique_ptr<CredentialSource>> sources;
  sources.push_back(std::make_unique<Tokens>());
  Client client(settings, std::make_unique<CredentialChain>(std::move(sources)));
  const TestCall host;
  const sdk::Call call(&host.abi);
  Request request;
  request.method = "GET";
  HttpResponse found;
  for (int i = 0; i < 2; ++i) BOOST_TEST(client.exchange(call, request, found) == STREAMD_OK, word);
  BOOST_TEST(server.seen().size() == 3u);
}

BOOST_AUTO_TEST_CASE(refused_credentials_are_renewed_once) {
  expect_renewed_once(400, "ExpiredToken");
  expect_renewed_once(403, "InvalidAccessKeyId");  // the key was deleted after another was made
}

BOOST_AUTO_TEST_CASE(a_stalled_store_is_noticed_by_lack_of_progress) {
  ScriptedServer server([](const SeenRequest&, std::size_t number) -> std::string {
    if (number == 1) return kStall;
    return "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome";  // and then nothing
  });
  const auto driver = open_at(server.endpoint());
  TestCall host;
  host.abi.timeout_ms = 0;
  host.abi.idle_timeout_ms = 400;
  std::string data;
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST(get(*driver, host, data) == STREAMD_TIMEOUT);
    BOOST_TEST(host.message() == "no byte moved for 400 ms");
  }
  BOOST_TEST(data == "some");
}

BOOST_AUTO_TEST_CASE(cancelled_while_it_waits) {
  ScriptedServer server([](const SeenRequest&, std::size_t) { return kStall; });
  const auto driver = open_at(server.endpoint());
  TestCall host;
  std::thread canceller([&] {
    while (server.seen().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    host.cancel = true;
  });
  std::string data;
  BOOST_TEST(get(*driver, host, data) == STREAMD_CANCELLED);
  canceller.join();
}

BOOST_AUTO_TEST_CASE(a_dead_idle_connection_is_no_failure) {
  ScriptedServer server([](const SeenRequest&, std::size_t number) -> std::string {
    return number == 2 ? "" : response(200, "abc");  // the second closes instead of answering
  });
  const auto driver = open_at(server.endpoint());
  const TestCall host;
  std::string data;
  BOOST_TEST(get(*driver, host, data) == STREAMD_OK);
  BOOST_TEST(get(*driver, host, data) == STREAMD_OK);
  BOOST_TEST(data == "abcabc");
}

BOOST_AUTO_TEST_CASE(nobody_there) {
  std::string endpoint;
  {
    ScriptedServer gone([](const SeenRequest&, std::size_t) { return ""; });
    endpoint = gone.endpoint();
  }
  const auto driver = open_at(endpoint);
  const TestCall host;
  std::string data;
  BOOST_TEST(get(*driver, host, data) == STREAMD_TRANSIENT);
  BOOST_TEST(host.message().starts_with("cannot read k in bucket: Failed to connect"),
             host.message());
}

BOOST_AUTO_TEST_CASE(a_name_with_a_public_address_is_not_talked_to_in_plain) {
  Network network;
  network.refuse_public = true;
  const TestCall host;
  const sdk::Call call(&host.abi);
  Connections connections;
  Wire wire(connections);
  HttpRequest request;
  request.method = "GET";
  request.url = "http://192.0.2.1/";  // as if a name had come to this
  request.what = "look";
  Transfer transfer(network, call, request);
  wire.start(transfer);
  Transfer* done = nullptr;
  BOOST_TEST(wire.next(call, done) == STREAMD_OK);
  BOOST_TEST(transfer.result() == STREAMD_INVALID_CONFIG);
  BOOST_TEST(host.message().find("allow-http = true") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_descriptor_survives_exec) {
  const auto open_to_children = [] {
    int count = 0;
    for (int fd = 3; fd < 256; ++fd) {
      const int flags = ::fcntl(fd, F_GETFD);
      if (flags >= 0 && (flags & FD_CLOEXEC) == 0) ++count;
    }
    return count;
  };
  const int before = open_to_children();
  CURLM* multi = curl_multi_init();
  BOOST_TEST(open_to_children() == before + 2);  // else this file's reason is gone
  close_on_exec(multi);
  BOOST_TEST(open_to_children() == before);
  curl_multi_cleanup(multi);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::s3
