// Names, replies, settings: what needs no network.
#include <boost/test/unit_test.hpp>

#include "name.h"
#include "newest_versions.h"
#include "reply.h"
#include "settings.h"
#include "test_call.h"
#include "upload_urls.h"

namespace streamd::b2 {
namespace {

BOOST_AUTO_TEST_SUITE(pure)

BOOST_AUTO_TEST_CASE(names) {
  for (const char* good : {"a", "a b+c%/..//\\", "\xc3\xa4/\xe6\x97\xa5", "\xf0\x9f\x98\x80", "~",
                           "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
    BOOST_TEST(why_no_name(good) == nullptr, good);
  for (const char* bad :
       {"", "a\tb", "a\x7f", "\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xe0\x80\x80",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe6\x97(", "\x80"})
    BOOST_TEST(why_no_name(bad) != nullptr, bad);
}

BOOST_AUTO_TEST_CASE(beginnings_of_names) {
  BOOST_TEST(beginning_of_name("a/b") == "a/b");
  BOOST_TEST(beginning_of_name("a\xe6\x97") == "a");  // the middle of a character
  BOOST_TEST(beginning_of_name("ab\tc") == "ab");
  BOOST_TEST(beginning_of_name("") == "");
}

BOOST_AUTO_TEST_CASE(an_authorization) {
  Session session;
  BOOST_REQUIRE(parse_session(
      R"({"accountId":"acc","authorizationToken":"tok","apiInfo":{"storageApi":{
          "absoluteMinimumPartSize":5000000,"apiUrl":"https://api001/","downloadUrl":"https://f001",
          "allowed":{"buckets":[{"id":"i1","name":"one"},{"id":"i2","name":null}],
                     "capabilities":["listFiles","readFiles"],"namePrefix":"p/"}}}})",
      session));
  BOOST_TEST(session.account_id + session.token + session.name_prefix == "acctokp/");
  BOOST_TEST(session.api_url == "https://api001");
  BOOST_TEST(session.minimum_part == 5'000'000u);
  BOOST_TEST(session.may("readFiles"));
  BOOST_TEST(!session.may("writeFiles"));
  BOOST_REQUIRE(session.buckets.size() == 2u);
  BOOST_TEST(session.buckets[0].name + session.buckets[1].id + session.buckets[1].name == "onei2");
  BOOST_REQUIRE(parse_session(
      R"({"authorizationToken":"tok","apiInfo":{"storageApi":{"apiUrl":"https://a","downloadUrl":"https://b",
          "allowed":{"buckets":null,"capabilities":[],"namePrefix":null}}}})",
      session));
  BOOST_TEST(session.buckets.empty());
  BOOST_TEST(session.name_prefix == "");
  BOOST_REQUIRE(parse_session(
      R"({"authorizationToken":"tok","apiInfo":{"storageApi":{"apiUrl":"https://a","downloadUrl":"https://b",
          "allowed":{"capabilities":[7,"listFiles"]}}}})",
      session));
  BOOST_TEST(session.may("listFiles"));
  for (
      const char* incomplete :
      {R"({"apiInfo":{"storageApi":{"apiUrl":"a","downloadUrl":"b","allowed":{}}}})",
       R"({"authorizationToken":"t","apiInfo":{"storageApi":{"downloadUrl":"b","allowed":{}}}})",
       R"({"authorizationToken":"t","apiInfo":{"storageApi":{"apiUrl":"a","allowed":{"buckets":7,"capabilities":7}}}})"})
    BOOST_TEST(!parse_session(incomplete, session), incomplete);
  for (const char* other : {"", "<html>", "[]", "{}", R"({"apiInfo":{"storageApi":{}}})",
                            R"({"apiInfo":{"storageApi":{"allowed":[]}}})", R"({"apiInfo":7})"})
    BOOST_TEST(!parse_session(other, session), other);
}

BOOST_AUTO_TEST_CASE(other_replies) {
  BOOST_TEST(parse_error(R"({"code":"bad_json","message":"m","status":400})").code == "bad_json");
  BOOST_TEST(parse_error("<html>").code == "");
  BOOST_TEST(
      parse_bucket_id(
          R"({"buckets":[{"bucketName":"x","bucketId":"1"},{"bucketName":"y","bucketId":"2"}]})",
          "y") == "2");
  for (const char* other : {R"({"buckets":[]})", R"({"buckets":7})", "{}"})
    BOOST_TEST(parse_bucket_id(other, "y") == "", other);
  UploadUrl url;
  BOOST_TEST(parse_upload_url(R"({"uploadUrl":"https://u","authorizationToken":"t"})", url));
  BOOST_TEST(!parse_upload_url(R"({"uploadUrl":"https://u"})", url));
  BOOST_TEST(!parse_upload_url(R"({"authorizationToken":"t"})", url));
  FileVersion file;
  BOOST_TEST(parse_file(R"({"fileId":"i","contentLength":-1,"uploadTimestamp":"x"})", file));
  BOOST_TEST(file.size == 0u);
  BOOST_TEST(file.timestamp_ms == 0);
  BOOST_TEST(!parse_file(R"({"fileName":"n"})", file));
  FilePage page;
  BOOST_REQUIRE(
      parse_files(R"({"files":[{"fileName":"n","fileId":"i","action":"upload","contentLength":7,
      "contentSha1":null,"uploadTimestamp":1500}],"nextFileName":"o","nextFileId":null})",
                  page));
  BOOST_TEST(page.files.at(0).size == 7u);
  BOOST_TEST(page.files.at(0).timestamp_ms == 1500);
  BOOST_TEST(page.next_name + page.next_id == "o");
  BOOST_TEST(!parse_files(R"({"file":[]})", page));
  BOOST_TEST(!parse_files(R"({"files":{}})", page));
}

BOOST_AUTO_TEST_CASE(lifecycle_rules_that_hide_files) {
  const auto rules = parse_expiry(
      R"({"buckets":[{"bucketId":"other","lifecycleRules":[{"daysFromUploadingToHiding":1}]},
          {"bucketId":"b","lifecycleRules":[
            {"daysFromHidingToDeleting":1,"daysFromUploadingToHiding":null,"fileNamePrefix":""},
            {"daysFromHidingToDeleting":null,"daysFromUploadingToHiding":30,"fileNamePrefix":"app/"}]}]})",
      "b");
  BOOST_REQUIRE_EQUAL(rules.size(), 1u);
  BOOST_TEST((rules[0].days == 30 && rules[0].prefix == "app/" &&
              rules[0].effect == STREAMD_EXPIRY_REMOVES));
  for (const char* other : {"", "[]", "{}", R"({"buckets":1})", R"({"buckets":[{"bucketId":"b"}]})",
                            R"({"buckets":[{"bucketId":"b","lifecycleRules":{}}]})"})
    BOOST_TEST(parse_expiry(other, "b").empty());
}

BOOST_AUTO_TEST_CASE(etags_are_short_and_differ) {
  const std::string id =
      "4_z27c88f1d182b150646ff0b16_f1004ba650fe24e6b_d20211230_m171512_c002_v0001110_t0055";
  BOOST_TEST(etag_of(id) == "f1004ba650fe24e6b_d20211230_m171512_c002_v0001110_t0055");
  BOOST_TEST(etag_of(std::string(200, 'x')).size() == 79u);
}

BOOST_AUTO_TEST_CASE(upload_urls_are_taken_by_one_each) {
  UploadUrls urls;
  BOOST_TEST(!urls.take().has_value());
  urls.give_back({"u1", "t"});
  urls.give_back({"u2", "t"});
  BOOST_TEST(urls.take()->url == "u2");  // the freshest
  BOOST_TEST(urls.take()->url == "u1");
  BOOST_TEST(!urls.take().has_value());
  for (int i = 0; i < 1000; ++i) urls.give_back({"u", "t"});
  BOOST_TEST(urls.idle() == 64u);
}

FileVersion version(const std::string& id, std::int64_t timestamp) {
  FileVersion made;
  made.id = id;
  made.timestamp_ms = timestamp;
  return made;
}

BOOST_AUTO_TEST_CASE(a_replaced_version_is_known_once) {
  NewestVersions newest;
  BOOST_TEST(!newest.replace("a", version("1", 10)).has_value());
  BOOST_TEST(newest.replace("a", version("3", 30))->id == "1");
  BOOST_TEST(newest.replace("a", version("2", 20))->id ==
             "2");  // puts that met: the older one goes
  BOOST_TEST(!newest.replace("a", version("4", 30)).has_value());  // who knows which is newer
  BOOST_TEST(!newest.replace("a", version("3", 40)).has_value());  // told twice
  for (int i = 0; i < 600; ++i) newest.replace("b" + std::to_string(i), version("x", 1));
  BOOST_TEST(!newest.replace("a", version("5", 50)).has_value());  // forgotten
}

struct Read {
  streamd_code code;
  std::string message;
  Settings settings;
};
Read read(std::vector<std::pair<std::string, std::string>> given,
          std::vector<std::pair<std::string, std::string>> environment = {}) {
  TestCall host;
  const sdk::Call call(&host.abi);
  const TestOptions options(std::move(given));
  Read result{};
  result.code = read_settings(
      options.options(), call,
      [&](const char* name) {
        for (const auto& [key, value] : environment)
          if (key == name) return value;
        return std::string();
      },
      result.settings);
  result.message = host.message();
  return result;
}

BOOST_AUTO_TEST_CASE(where_the_key_comes_from) {
  const std::vector<std::pair<std::string, std::string>> bucket = {{"bucket", "my-bucket"}};
  const std::vector<std::pair<std::string, std::string>> vendors = {{"B2_APPLICATION_KEY_ID", "v"},
                                                                    {"B2_APPLICATION_KEY", "vk"}};
  auto both = vendors;
  both.insert(both.end(), {{"STREAMD_B2_KEY_ID", "o"}, {"STREAMD_B2_APPLICATION_KEY", "ok"}});
  BOOST_TEST(read(bucket, vendors).settings.key_id == "v");
  BOOST_TEST(read(bucket, both).settings.application_key == "ok");
  BOOST_TEST(read({{"bucket", "my-bucket"}, {"key-id", "c"}, {"application-key", "ck"}}, both)
                 .settings.key_id == "c");
  const Read none = read(bucket);
  BOOST_TEST(none.code == STREAMD_OK);
  BOOST_TEST(none.settings.key_id == "");
  BOOST_TEST(none.settings.looked_in ==
             "the configuration, STREAMD_B2_KEY_ID, B2_APPLICATION_KEY_ID");
  BOOST_TEST(none.settings.endpoint.authority() == "api.backblazeb2.com");
}

BOOST_AUTO_TEST_CASE(options_that_make_no_sense) {
  BOOST_TEST(read({{"bucket", "a/b"}}).message.find("belongs into path") != std::string::npos);
  BOOST_TEST(read({{"bucket", "short"}}).message.find("no valid name") != std::string::npos);
  BOOST_TEST(read({{"bucket", "my-bucket"}, {"key-id", "k"}}).code == STREAMD_INVALID_CONFIG);
  BOOST_TEST(read({{"bucket", "my-bucket"}, {"endpoint", "http://8.8.8.8"}}).code ==
             STREAMD_INVALID_CONFIG);
  BOOST_TEST(read({{"bucket", "my-bucket"}, {"part-size", "1000"}}).code == STREAMD_INVALID_CONFIG);
  BOOST_TEST(read({{"bucket", "my-bucket"}, {"max-concurrency", "0"}}).code ==
             STREAMD_INVALID_CONFIG);
}

// Brackets that a name has are none; a hundred levels are no answer of B2's.
BOOST_AUTO_TEST_CASE(replies_that_cost_more_than_they_weigh) {
  FilePage page;
  const auto list = [](const std::string& name) {
    return R"({"files": [{"fileName": ")" + name + R"(", "fileId": "i"}]})";
  };
  BOOST_TEST(parse_files(list(std::string(100, '[') + R"(\" {[)"), page));
  BOOST_TEST(page.files.front().name.size() == 104u);
  BOOST_TEST(!parse_files(std::string(100, '[') + std::string(100, ']'), page));
  std::string rows = "{}";
  for (int i = 0; i < 10'000; ++i) rows += ",{}";
  BOOST_TEST(!parse_files(R"({"files": [)" + rows + "]}", page));
  const auto extra = [](std::size_t values) {
    std::string numbers = "0";
    for (std::size_t i = 1; i < values; ++i) numbers += ",0";
    return R"({"files": [], "more": [)" + numbers + "]}";
  };
  BOOST_TEST(parse_files(extra(300'000), page));
  BOOST_TEST(!parse_files(extra(500'000), page));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::b2
