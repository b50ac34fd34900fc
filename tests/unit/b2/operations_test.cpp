// The operations, against stores that fail in the middle.
#include <set>

#include "scripted_b2.h"

namespace streamd::b2 {
namespace {

constexpr std::uint64_t kMiB = 1u << 20;

streamd_code remove(sdk::Driver& driver, const TestCall& host, std::vector<const char*> keys) {
  const sdk::Call call(&host.abi);
  return driver.remove(call, keys.data(), keys.size(), nullptr);
}

BOOST_AUTO_TEST_SUITE(operations)

BOOST_AUTO_TEST_CASE(an_upload_as_it_goes_out) {
  ScriptedB2 store;
  const auto driver = store.open();
  const TestCall host;
  TestSource source(1'000'000);
  BOOST_TEST(put(*driver, host, "a b+\xc3\xa4/c,", source) == STREAMD_OK);
  BOOST_TEST(put(*driver, host, "empty", TestSource(0)) == STREAMD_OK);
  BOOST_TEST(source.bytes_read == 1'000'000u);  // once: the hash follows behind
  BOOST_TEST(store.counts()["b2_get_upload_url"] == 1);
  const auto uploads = store.seen("upload");
  BOOST_REQUIRE(uploads.size() == 2u);
  BOOST_TEST(uploads[0].header("Authorization") == "u1");
  BOOST_TEST(uploads[0].header("X-Bz-File-Name") == "a%20b%2B%C3%A4/c%2C");
  BOOST_TEST(uploads[0].header("X-Bz-Content-Sha1") == "hex_digits_at_end");
  BOOST_TEST(uploads[0].header("Content-Length") == "1000040");
  BOOST_TEST(uploads[1].body == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  for (const char* never : {"Transfer-Encoding", "Expect", "Content-Encoding"})
    BOOST_TEST(uploads[0].header(never) == "", never);
  const auto authorized = store.seen("b2_authorize_account");
  BOOST_REQUIRE(authorized.size() == 1u);
  BOOST_TEST(authorized[0].line() == "GET /b2api/v4/b2_authorize_account HTTP/1.1");
  BOOST_TEST(authorized[0].header("Authorization") == "Basic " + base64("KID:secret"));
}

BOOST_AUTO_TEST_CASE(an_upload_that_fails_goes_through_another_url_at_once) {
  for (const std::string& fault :
       {error_of(503, "service_unavailable"), error_of(408, "request_timeout"), std::string(),
        error_of(401, "expired_auth_token"), error_of(400, "auth_token_limit")}) {
    ScriptedB2 store([&](const SeenRequest&, const std::string& kind, int count) {
      return kind == "upload" && count <= 2 ? fault : kFine;
    });
    const auto driver = store.open();
    const TestCall host;
    BOOST_TEST(put(*driver, host, "k", TestSource(300'000)) == STREAMD_OK, fault);
    const auto uploads = store.seen("upload");
    BOOST_REQUIRE(uploads.size() == 3u);
    std::set<std::string> tokens;
    for (const SeenRequest& one : uploads) tokens.insert(one.header("Authorization"));
    // On a kept connection that breaks libcurl tries by itself once more, with the same URL.
    const int urls = fault.empty() ? 2 : 3;
    BOOST_TEST(static_cast<int>(tokens.size()) == urls);
    BOOST_TEST(put(*driver, host, "k2", TestSource(10)) == STREAMD_OK);
    BOOST_TEST(store.counts()["b2_get_upload_url"] == urls);  // the good one is used again
  }
}

BOOST_AUTO_TEST_CASE(it_does_not_go_on_for_ever) {
  ScriptedB2 store([](const SeenRequest&, const std::string& kind, int) {
    return kind == "upload" ? error_of(503, "service_unavailable") : kFine;
  });
  const auto driver = store.open();
  const TestCall host;
  BOOST_TEST(put(*driver, host, "k", TestSource(10)) == STREAMD_TRANSIENT);
  BOOST_TEST(store.counts()["upload"] == 5);
}

BOOST_AUTO_TEST_CASE(what_another_url_would_not_change_is_told) {
  struct Case {
    int status;
    const char* code;
    streamd_code expected;
  };
  for (const Case& one : {Case{403, "storage_cap_exceeded", STREAMD_THROTTLED},
                          Case{429, "too_many_requests", STREAMD_THROTTLED},
                          Case{401, "unauthorized", STREAMD_PERMISSION},
                          Case{400, "bad_request", STREAMD_INTERNAL}}) {
    ScriptedB2 store([&](const SeenRequest&, const std::string& kind, int) {
      return kind == "upload" ? error_of(one.status, one.code, "Retry-After: 2\r\n") : kFine;
    });
    const auto driver = store.open();
    const TestCall host;
    BOOST_TEST(put(*driver, host, "k", TestSource(10)) == one.expected, one.code);
    BOOST_TEST(store.counts()["upload"] == 1);
    BOOST_TEST(host.error.retry_after_ms == 2000);
    BOOST_TEST(host.error.provider_code == std::string(one.code));
  }
}

BOOST_AUTO_TEST_CASE(bytes_that_changed_on_the_way_are_noticed) {
  ScriptedB2 store([](const SeenRequest& request, const std::string& kind, int) -> std::string {
    if (kind != "upload") return kFine;
    return response(200, nlohmann::json{{"fileId", "F"},
                                        {"contentSha1", std::string(40, '0')},
                                        {"contentLength", request.body.size() - 40}}
                             .dump());
  });
  const auto driver = store.open();
  const TestCall host;
  BOOST_TEST(put(*driver, host, "k", TestSource(10)) == STREAMD_CORRUPT);
}

BOOST_AUTO_TEST_CASE(an_expired_token_is_renewed_once) {
  ScriptedB2 store([](const SeenRequest& request, const std::string& kind, int) -> std::string {
    const bool old = request.header("Authorization") == "token-1";
    return kind == "b2_list_file_names" && old ? error_of(401, "expired_auth_token") : kFine;
  });
  const auto driver = store.open();
  const TestCall host;
  const sdk::Call call(&host.abi);
  const streamd_list request{sizeof request, 0, "", ""};
  const streamd_list_sink sink{
      nullptr, [](void*, const char*, const streamd_object*) { return streamd_code{STREAMD_OK}; }};
  BOOST_TEST(driver->list(call, request, sink) == STREAMD_OK);
  BOOST_TEST(store.counts()["b2_authorize_account"] == 2);
  ScriptedB2 never([](const SeenRequest&, const std::string& kind, int) {
    return kind == "b2_list_file_names" ? error_of(401, "expired_auth_token") : kFine;
  });
  BOOST_TEST(never.open()->list(call, request, sink) == STREAMD_AUTH);
  BOOST_TEST(never.counts()["b2_list_file_names"] == 2);
}

BOOST_AUTO_TEST_CASE(what_the_key_lacks_is_named_before_anything_is_sent) {
  ScriptedB2 store;
  store.capabilities = {"listBuckets", "readFiles"};
  const auto driver = store.open();
  const TestCall host;
  BOOST_TEST(put(*driver, host, "k", TestSource(10)) == STREAMD_PERMISSION);
  BOOST_TEST(host.message() ==
             "cannot store k in my-bucket: the application key lacks the capability writeFiles (it "
             "has listBuckets, readFiles)");
  BOOST_TEST(put(*driver, host, "k", TestSource(6 * kMiB)) == STREAMD_PERMISSION);
  BOOST_TEST(remove(*driver, host, {"k"}) == STREAMD_PERMISSION);
  streamd_caps caps{};
  BOOST_TEST(driver->probe(sdk::Call(&host.abi), caps) == STREAMD_PERMISSION);
  BOOST_TEST(host.message().find("lacks the capability listFiles") != std::string::npos);
  for (const auto& [kind, count] : store.counts())
    BOOST_TEST((kind == "b2_authorize_account" || kind == "b2_list_buckets"), kind);
}

BOOST_AUTO_TEST_CASE(a_list_of_ten_thousand_takes_ten_requests) {
  ScriptedB2 store([](const SeenRequest& request, const std::string& kind, int) -> std::string {
    if (kind != "b2_list_file_names") return kFine;
    const auto given = nlohmann::json::parse(request.body);
    const int first = std::stoi(given.value("startFileName", "10000")),
              count = given["maxFileCount"];
    nlohmann::json files = nlohmann::json::array(), next;
    for (int i = first; i < std::min(first + count, 20'000); ++i)
      files.push_back({{"fileName", std::to_string(i)}, {"fileId", "F"}, {"action", "upload"}});
    if (first + count < 20'000) next = std::to_string(first + count);
    return response(200, nlohmann::json{{"files", files}, {"nextFileName", next}}.dump());
  });
  const auto driver = store.open();
  const TestCall host;
  int found = 0;
  const streamd_list request{sizeof request, 0, "", ""};
  const streamd_list_sink sink{&found, [](void* count, const char*, const streamd_object*) {
                                 ++*static_cast<int*>(count);
                                 return streamd_code{STREAMD_OK};
                               }};
  BOOST_TEST(driver->list(sdk::Call(&host.abi), request, sink) == STREAMD_OK);
  BOOST_TEST(found == 10'000);
  BOOST_TEST(store.counts()["b2_list_file_names"] == 10);
}

BOOST_AUTO_TEST_CASE(what_is_hidden_or_unfinished_is_no_object) {
  ScriptedB2 store([](const SeenRequest&, const std::string& kind, int) -> std::string {
    if (kind != "b2_list_file_names") return kFine;
    nlohmann::json files = nlohmann::json::array();
    for (const char* action : {"hide", "start", "upload", "folder"})
      files.push_back({{"fileName", action}, {"fileId", "F"}, {"action", action}});
    return response(200, nlohmann::json{{"files", files}, {"nextFileName", nullptr}}.dump());
  });
  const auto driver = store.open();
  const TestCall host;
  std::string found;
  const streamd_list request{sizeof request, 0, "", ""};
  const streamd_list_sink sink{&found, [](void* names, const char* key, const streamd_object*) {
                                 *static_cast<std::string*>(names) += key;
                                 return streamd_code{STREAMD_OK};
                               }};
  BOOST_TEST(driver->list(sdk::Call(&host.abi), request, sink) == STREAMD_OK);
  BOOST_TEST(found == "upload");
}

// Versions that a store has, newest first per name, listed as it does.
ScriptedB2::Script versions(std::vector<std::array<std::string, 3>> rows) {
  return [rows](const SeenRequest& request, const std::string& kind, int) -> std::string {
    if (kind != "b2_list_file_versions") return kFine;
    const auto given = nlohmann::json::parse(request.body);
    const std::string first = given["startFileName"], id = given.value("startFileId", "");
    nlohmann::json files = nlohmann::json::array(), next_name, next_id;
    bool begun = id.empty();
    for (const auto& [name, file, action] : rows) {
      begun = begun || (name == first && file == id) || name > first;
      const std::string prefix = given["prefix"];
      if (!begun || name < first || !name.starts_with(prefix)) continue;
      if (files.size() == 3) {  // a store of small pages
        next_name = name;
        next_id = file;
        break;
      }
      files.push_back({{"fileName", name}, {"fileId", file}, {"action", action}});
    }
    return response(
        200, nlohmann::json{{"files", files}, {"nextFileName", next_name}, {"nextFileId", next_id}}
                 .dump());
  };
}

std::vector<std::string> deleted(const ScriptedB2& store) {
  std::vector<std::string> ids;
  for (const SeenRequest& one : store.seen("b2_delete_file_version"))
    ids.push_back(nlohmann::json::parse(one.body)["fileId"]);
  return ids;
}

BOOST_AUTO_TEST_CASE(all_versions_are_removed_the_oldest_first) {
  ScriptedB2 store(versions({{"k", "hide3", "hide"},
                             {"k", "up2", "upload"},
                             {"k", "begun", "start"},
                             {"k", "up1", "upload"},
                             {"k", "up0", "upload"},
                             {"k2", "other", "upload"}}));
  const auto driver = store.open();
  const TestCall host;
  BOOST_TEST(remove(*driver, host, {"k"}) == STREAMD_OK);
  const std::vector<std::string> expected = {"up0", "up1", "up2", "hide3"};
  BOOST_TEST(deleted(store) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_lies_between_two_keys_is_leapt_over) {
  std::vector<std::array<std::string, 3>> rows;
  for (int i = 100; i < 200; ++i) {
    const std::string number = std::to_string(i);
    rows.push_back({"p" + number, "F" + number, "upload"});
  }
  ScriptedB2 store(versions(rows));
  const auto driver = store.open();
  const TestCall host;
  BOOST_TEST(remove(*driver, host, {"p105", "p150", "p199", "p150x", "q"}) == STREAMD_OK);
  const auto ids = deleted(store);
  BOOST_TEST(std::set<std::string>(ids.begin(), ids.end()) ==
             (std::set<std::string>{"F105", "F150", "F199"}));
  BOOST_TEST(store.counts()["b2_list_file_versions"] <= 4);
}

BOOST_AUTO_TEST_CASE(a_removal_tries_all_and_tells_the_first_failure) {
  const auto listed =
      versions({{"a", "Fa", "upload"}, {"b", "Fb", "upload"}, {"c", "Fc", "upload"}});
  ScriptedB2 store([&](const SeenRequest& request, const std::string& kind, int count) {
    const bool refused =
        kind == "b2_delete_file_version" && request.body.find("Fb") != std::string::npos;
    const bool gone =
        kind == "b2_delete_file_version" && request.body.find("Fc") != std::string::npos;
    if (refused) return error_of(403, "access_denied");
    return gone ? error_of(400, "file_not_present") : listed(request, kind, count);
  });
  const auto driver = store.open();
  const TestCall host;
  const char* keys[] = {"c", "b", "a"};
  streamd_code each[3] = {77, 77, 77};
  BOOST_TEST(driver->remove(sdk::Call(&host.abi), keys, 3, each) == STREAMD_PERMISSION);
  BOOST_TEST(each[0] == STREAMD_OK);
  BOOST_TEST(each[1] == STREAMD_PERMISSION);
  BOOST_TEST(each[2] == STREAMD_OK);
}

BOOST_AUTO_TEST_CASE(a_put_over_an_object_of_ours_removes_what_it_replaced) {
  ScriptedB2 store;
  const auto driver = store.open();
  const TestCall host;
  for (int i = 0; i < 3; ++i) BOOST_TEST(put(*driver, host, "k", TestSource(10)) == STREAMD_OK);
  const std::vector<std::string> expected = {"F1", "F2"};
  BOOST_TEST(deleted(store) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::b2
