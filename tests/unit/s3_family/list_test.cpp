// Lists of stores that cut them off in their own ways.
#include "scripted_store.h"

namespace streamd::s3 {
namespace {

struct Listed {
  streamd_code code;
  std::string keys, message;
};

Listed list(const ScriptedServer& server, const char* profile = "generic") {
  const auto driver = open_at(server.endpoint(), {{"profile", profile}});
  const TestCall host;
  Listed listed{};
  const streamd_list_sink sink{&listed.keys, [](void* to, const char* key, const streamd_object*) {
                                 *static_cast<std::string*>(to) += key;
                                 return streamd_code{STREAMD_OK};
                               }};
  const streamd_list request{sizeof request, 0, "", ""};
  listed.code = driver->list(sdk::Call(&host.abi), request, sink);
  listed.message = host.message();
  return listed;
}

std::string page(const std::string& keys, const std::string& more) {
  std::string body = "<ListBucketResult>" + more;
  for (const char key : keys) body += std::string("<Contents><Key>") + key + "</Key></Contents>";
  return response(200, body + "</ListBucketResult>");
}

const std::string kMore = "<IsTruncated>true</IsTruncated>";
std::string token(const std::string& text) {
  return kMore + "<NextContinuationToken>" + text + "</NextContinuationToken>";
}
bool asks(const SeenRequest& request, const std::string& parameter) {
  return request.line().find(parameter + " ") != std::string::npos ||
         request.line().find(parameter + "&") != std::string::npos;
}

BOOST_AUTO_TEST_SUITE(list_pages)

BOOST_AUTO_TEST_CASE(more_without_a_token_goes_on_after_the_last_key) {
  const ScriptedServer server([](const SeenRequest& request, std::size_t) {
    if (asks(request, "start-after=d")) return page("e", "");
    return asks(request, "start-after=b") ? page("cd", kMore) : page("ab", kMore);
  });
  const Listed listed = list(server);
  BOOST_TEST(listed.code == STREAMD_OK);
  BOOST_TEST(listed.keys == "abcde");
}

BOOST_AUTO_TEST_CASE(more_of_which_nothing_can_be_asked_is_a_failure) {
  const auto fails = [](const std::string& answer, const char* profile, const std::string& words) {
    const ScriptedServer server([&](const SeenRequest&, std::size_t) { return answer; });
    const Listed listed = list(server, profile);
    BOOST_TEST(listed.code == STREAMD_INTERNAL);
    BOOST_TEST(listed.message.find(words) != std::string::npos, listed.message);
  };
  fails(page("", kMore), "generic", "there is more, but not where it begins");
  fails(page("ab", kMore), "storj", "there is more, but not where it begins");  // in no order
  fails(page("ab", kMore), "generic", "goes back in its list");  // knows no start-after either
  fails(page("ab", token("t")), "storj", "repeats a page");
}

BOOST_AUTO_TEST_CASE(a_list_in_circles_ends) {
  const ScriptedServer server([](const SeenRequest& request, std::size_t) {
    if (asks(request, "continuation-token=1")) return page("b", token("2"));
    return asks(request, "continuation-token=2") ? page("c", token("3")) : page("a", token("1"));
  });
  const Listed listed = list(server, "storj");
  BOOST_TEST(listed.code == STREAMD_INTERNAL);
  BOOST_TEST(listed.message.find("repeats a page") != std::string::npos, listed.message);
  BOOST_TEST(server.seen().size() < 10u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::s3
