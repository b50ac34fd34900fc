// Large files, against stores that fail in the middle.
#include "large_file.h"

#include <set>

#include "scripted_b2.h"

namespace streamd::b2 {
namespace {

constexpr std::uint64_t kMiB = 1u << 20;

BOOST_AUTO_TEST_SUITE(large_file)

BOOST_AUTO_TEST_CASE(sizes_of_parts) {
  BOOST_TEST(part_size_for(20 * kMiB, 5 * kMiB, 5'000'000) == 5 * kMiB);
  BOOST_TEST(part_size_for(20 * kMiB, 5 * kMiB, 100'000'000) == 100'000'000u);
  BOOST_TEST(part_size_for(200'000 * kMiB, 5 * kMiB, 5'000'000) == 20 * kMiB);
  BOOST_TEST(part_size_for(200'001 * kMiB, 5 * kMiB, 5'000'000) == 21 * kMiB);
}

BOOST_AUTO_TEST_CASE(parts_each_through_a_url_that_serves_one_at_a_time) {
  ScriptedB2 store;
  const auto driver = store.open();
  const TestCall host;
  TestSource source(52 * kMiB);
  BOOST_TEST(put(*driver, host, "dir/k", source) == STREAMD_OK);
  BOOST_TEST(source.bytes_read == 52 * kMiB);
  const auto parts = store.seen("part");
  BOOST_TEST(parts.size() == 11u);
  std::set<std::string> tokens;
  for (const SeenRequest& one : parts) tokens.insert(one.header("Authorization"));
  BOOST_TEST(tokens.size() <= 4u);
  const auto finished = store.seen("b2_finish_large_file");
  BOOST_REQUIRE(finished.size() == 1u);
  const auto sha1s = nlohmann::json::parse(finished[0].body)["partSha1Array"];
  BOOST_TEST(sha1s.size() == 11u);
  DigestStream last(DigestStream::Kind::kSha1);
  const std::string tail(2 * kMiB, 'x');
  last.add(tail.data(), tail.size());
  BOOST_TEST(sha1s[10] == last.finish());
  BOOST_TEST(store.counts()["b2_cancel_large_file"] == 0);
}

BOOST_AUTO_TEST_CASE(a_part_that_fails_is_sent_again_alone) {
  ScriptedB2 store(
      [](const SeenRequest& request, const std::string& kind, int count) -> std::string {
        if (kind == "part" && count <= 2)
          return count == 1 ? error_of(503, "service_unavailable", "Connection: close\r\n") : "";
        if (kind == "b2_get_upload_part_url" && request.header("Authorization") == "token-1" &&
            count == 3)
          return error_of(401, "expired_auth_token");
        return kFine;
      });
  const auto driver = store.open();
  const TestCall host;
  BOOST_TEST(put(*driver, host, "k", TestSource(17 * kMiB)) == STREAMD_OK);
  auto counts = store.counts();
  BOOST_TEST(counts["b2_start_large_file"] == 1);
  BOOST_TEST(counts["part"] == 4 + 2);
  BOOST_TEST(counts["b2_authorize_account"] == 2);
  BOOST_TEST(counts["b2_cancel_large_file"] == 0);
}

BOOST_AUTO_TEST_CASE(what_fails_for_good_is_cancelled) {
  struct Case {
    const char* fails;
    int status;
    const char* code;
    streamd_code expected;
  };
  for (const Case& one : {Case{"part", 503, "service_unavailable", STREAMD_TRANSIENT},
                          Case{"b2_get_upload_part_url", 401, "unauthorized", STREAMD_PERMISSION},
                          Case{"b2_finish_large_file", 400, "part_sha1_mismatch", STREAMD_INTERNAL},
                          Case{"b2_finish_large_file", 503, "internal_error", STREAMD_TRANSIENT}}) {
    ScriptedB2 store([&](const SeenRequest&, const std::string& kind, int) {
      return kind == one.fails ? error_of(one.status, one.code) : kFine;
    });
    const auto driver = store.open();
    const TestCall host;
    BOOST_TEST(put(*driver, host, "k", TestSource(6 * kMiB)) == one.expected, one.fails);
    BOOST_TEST(store.counts()["b2_cancel_large_file"] == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_source_that_fails_or_a_host_that_cancels_cancels_too) {
  ScriptedB2 store;
  const auto driver = store.open();
  const TestCall host;
  BOOST_TEST(put(*driver, host, "k", TestSource(12 * kMiB, 7 * kMiB)) == 77);
  BOOST_TEST(store.counts()["b2_cancel_large_file"] == 1);
  BOOST_TEST(store.counts()["b2_finish_large_file"] == 0);
}

BOOST_AUTO_TEST_CASE(a_finish_whose_answer_got_lost_is_asked_about) {
  ScriptedB2 store([](const SeenRequest&, const std::string& kind, int count) -> std::string {
    if (kind == "b2_finish_large_file") return count == 1 ? "" : error_of(400, "bad_request");
    if (kind == "b2_get_file_info")
      return response(200, R"({"fileId":"F1","action":"upload","uploadTimestamp":5})");
    return kFine;
  });
  const auto driver = store.open();
  const TestCall host;
  BOOST_TEST(put(*driver, host, "k", TestSource(6 * kMiB)) == STREAMD_OK);
  BOOST_TEST(store.counts()["b2_cancel_large_file"] == 0);
}

BOOST_AUTO_TEST_CASE(what_a_dead_process_left_is_cancelled_once) {
  ScriptedB2 store([](const SeenRequest& request, const std::string& kind, int) -> std::string {
    if (kind != "b2_list_unfinished_large_files") return kFine;
    BOOST_TEST(nlohmann::json::parse(request.body)["namePrefix"] == "dir/");
    constexpr std::int64_t kNow = 1'000'000'000'000, kDay = 24 * 3600 * 1000;
    const nlohmann::json files = {
        {{"fileName", "dir/old"}, {"fileId", "OLD"}, {"uploadTimestamp", kNow - 3 * kDay}},
        {{"fileName", "dir/new"}, {"fileId", "NEW"}, {"uploadTimestamp", kNow - kDay}}};
    return response(200, nlohmann::json{{"files", files}, {"nextFileId", nullptr}}.dump());
  });
  const auto driver = store.open();
  const TestCall host;
  for (int i = 0; i < 2; ++i)
    BOOST_TEST(put(*driver, host, "dir/k", TestSource(6 * kMiB)) == STREAMD_OK);
  const auto cancelled = store.seen("b2_cancel_large_file");
  BOOST_REQUIRE(cancelled.size() == 1u);
  BOOST_TEST(nlohmann::json::parse(cancelled[0].body)["fileId"] == "OLD");
  BOOST_TEST(host.logged("removed an unfinished upload of dir/old"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::b2
