#include "config/value.h"

#include <boost/test/unit_test.hpp>

#include "config/nearest.h"
#include "config/place.h"
#include "sample.h"

using namespace streamd;
using namespace streamd::config;

BOOST_AUTO_TEST_SUITE(value)

BOOST_AUTO_TEST_CASE(durations) {
  const auto ms = [](const char* text) { return parse_duration(text).value().count(); };
  BOOST_TEST(ms("500ms") == 500);
  BOOST_TEST(ms("90s") == 90'000);
  BOOST_TEST(ms("24h") == 86'400'000);
  BOOST_TEST(ms("7d") == 7 * 86'400'000);
  BOOST_TEST(ms("2w") == 14 * 86'400'000);
  BOOST_TEST(ms("1h30m") == 5'400'000);
  BOOST_TEST(ms("1m1ms") == 60'001);
  BOOST_TEST(ms("0s") == 0);
  for (const char* text : {"", "h", "1", "1x", "1h1h", "1m1h", "-1s", "1.5h", "1 h", "99999w",
                           "99999999999999999999s", "5218w5218w", "36600d1s"})
    BOOST_TEST(!parse_duration(text).has_value(), text);
  BOOST_TEST(parse_duration("24").error().hint == "write \"24s\" or \"24h\"");
}

BOOST_AUTO_TEST_CASE(durations_back_to_text) {
  for (const char* text : {"500ms", "1m30s", "1d", "7d", "1h30m", "0s", "1d1ms"})
    BOOST_TEST(format_duration(*parse_duration(text)) == text);
  BOOST_TEST(format_duration(*parse_duration("24h")) == "1d");
}

BOOST_AUTO_TEST_CASE(sizes) {
  BOOST_TEST(parse_size("0B").value() == 0u);
  BOOST_TEST(parse_size("64KiB").value() == 65'536u);
  BOOST_TEST(parse_size("64MiB").value() == 64u << 20);
  BOOST_TEST(parse_size("1GB").value() == 1'000'000'000u);
  BOOST_TEST(parse_size("4GiB").value() == 4ULL << 30);
  for (const char* text : {"", "MiB", "1", "1X", "1 MiB", "-1B", "9999999PiB", "1mib"})
    BOOST_TEST(!parse_size(text).has_value(), text);
  BOOST_TEST(parse_size("64").error().hint == "write \"64B\" or \"64MiB\"");
}

BOOST_AUTO_TEST_CASE(other_values) {
  BOOST_TEST(parse_int("-12").value() == -12);
  BOOST_TEST(!parse_int("").has_value());
  BOOST_TEST(!parse_int("12x").has_value());
  BOOST_TEST(parse_bool("true").value());
  BOOST_TEST(!parse_bool("false").value());
  BOOST_TEST(!parse_bool("yes").has_value());
  BOOST_TEST(parse_mode("0660").value() == 0660u);
  for (const char* text : {"", "888", "1777", "66x", "rw"})
    BOOST_TEST(!parse_mode(text).has_value());
}

BOOST_AUTO_TEST_CASE(distances) {
  BOOST_TEST(edit_distance("", "") == 0u);
  BOOST_TEST(edit_distance("abc", "") == 3u);
  BOOST_TEST(edit_distance("", "abc") == 3u);
  BOOST_TEST(edit_distance("bucket", "bucket") == 0u);
  BOOST_TEST(edit_distance("bukcet", "bucket") == 1u);  // neighbours swapped
  BOOST_TEST(edit_distance("buckt", "bucket") == 1u);
  BOOST_TEST(edit_distance("buckeet", "bucket") == 1u);
  BOOST_TEST(edit_distance("kitten", "sitting") == 3u);
}

BOOST_AUTO_TEST_CASE(the_nearest_name) {
  const std::vector<std::string> names{"sync-interval", "snapshot-interval", "retention", "path"};
  BOOST_TEST(nearest("sync_interval", names) == "sync-interval");
  BOOST_TEST(nearest("Retention", names) == "retention");
  BOOST_TEST(nearest("retntion", names) == "retention");
  BOOST_TEST(nearest("pth", names) == "path");
  BOOST_TEST(nearest("colour", names) == "");
  BOOST_TEST(nearest(std::string(1000, 'x'), names) == "");
  BOOST_TEST(nearest("path", {}) == "");
}

BOOST_AUTO_TEST_CASE(placeholders) {
  const Placeholders values{"app", "data/app.db", "box"};
  BOOST_TEST(expand_placeholders("{host}/x/{relpath}", values).value() == "box/x/data/app.db");
  BOOST_TEST(expand_placeholders("{name}", values).value() == "app");
  BOOST_TEST(expand_placeholders("", values).value() == "");
  BOOST_TEST(expand_placeholders("{hots}", values).error().hint == "did you mean {host}?");
  BOOST_TEST(contains(expand_placeholders("{}", values).error().hint, "placeholders are"));
  BOOST_TEST(!expand_placeholders("{host", values).has_value());
}

BOOST_AUTO_TEST_CASE(prefixes) {
  BOOST_TEST(checked_prefix("/a/b/").value() == "a/b");
  BOOST_TEST(checked_prefix("").value() == "");
  BOOST_TEST(checked_prefix("/").value() == "");
  for (const char* text : {"a//b", "a/../b", "./a", ".."})
    BOOST_TEST(!checked_prefix(text).has_value(), text);
  BOOST_TEST(join_prefix("a", "b") == "a/b");
  BOOST_TEST(join_prefix("", "b") == "b");
  BOOST_TEST(join_prefix("a", "") == "a");
}

BOOST_AUTO_TEST_CASE(identities) {
  const auto file = *sample_driver("file"), s3 = *sample_driver("s3");
  const auto at = [&](const char* path, const char* prefix) {
    return place_identity("file", {{"path", path}}, prefix, file);
  };
  BOOST_TEST(at("/backups/app", "") == at("/backups", "app"));
  BOOST_TEST(at("/backups/", "") == at("/backups/x/..", ""));
  BOOST_TEST(at("/backups", "a") != at("/backups", "b"));
  const auto bucket = [&](const char* name, const char* key) {
    return place_identity("s3", {{"bucket", name}, {"access-key-id", key}}, "p", s3);
  };
  BOOST_TEST(bucket("a", "1") == bucket("a", "2"));
  BOOST_TEST(bucket("a", "1") != bucket("b", "1"));
}

BOOST_AUTO_TEST_SUITE_END()
