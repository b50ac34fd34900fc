#include "key_path.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace streamd::file_driver;

BOOST_AUTO_TEST_SUITE(key_path)

BOOST_AUTO_TEST_CASE(ordinary_keys_stay_as_they_are) {
  for (const std::string key : {"streamd.json", "writers/00000001.json",
                                "generations/0000000112345678/snapshots/01-1700000000000.snap",
                                "generations/0000000112345678/segments/0/01-02-1700.1of2.all",
                                "with space/and-\xc3\xa4.bin"})
    BOOST_TEST(object_path(key) == key);
}

BOOST_AUTO_TEST_CASE(the_rest_is_escaped) {
  const std::map<std::string, std::string> expected = {
      {"plain", "plain%"},
      {"a.b/c.d", "a.b%/c.d"},
      {"..", "%2E%2E"},
      {".", "%2E"},
      {"../../etc/passwd.x", "%2E%2E%/%2E%2E%/etc/passwd.x"},
      {".streamd-store", "%2Estreamd-store"},
      {"a//b.c", "a/%00/b.c"},
      {"a/", "a/%00%"},
      {"/a.b", "%00/a.b"},
      {"50%.x", "50%25.x"},
      {"a\tb.c", "a%09b.c"},
      {"dot.", "dot%2E"},
      {"blank ", "blank%20%"},
      {"lost+found/x.y", "lost%2Bfound/x.y"},
      {"a:b|c.d", "a%3Ab%7Cc.d"}};
  for (const auto& [key, path] : expected)
    BOOST_TEST(object_path(key) == path, key << " gives " << object_path(key));
}

BOOST_AUTO_TEST_CASE(folders_of_prefixes) {
  BOOST_TEST(folder_path("") == ".");
  BOOST_TEST(folder_path("a/b/") == "a/b");
  BOOST_TEST(folder_path("host.example/db/") == "host.example%/db");
}

BOOST_AUTO_TEST_CASE(a_file_and_a_folder_never_share_a_name) {
  const std::vector<std::string> names = {"a", "a.b", ".",  "a%",
                                          "%", "",    "a.", std::string(200, 'x')};
  for (const std::string& name : names) {
    const std::string folder = folder_path(name + "/");
    BOOST_TEST(object_path(name) != folder, "'" << name << "' is " << folder << " twice");
  }
}

BOOST_AUTO_TEST_CASE(long_names_go_deeper) {
  BOOST_TEST(object_path(std::string(200, 'x')) == std::string(200, 'x') + "%");
  BOOST_TEST(object_path(std::string(201, 'x')) == std::string(200, 'x') + "%~/x%");
  BOOST_TEST(object_path(std::string(401, 'x')) ==
             std::string(200, 'x') + "%~/" + std::string(200, 'x') + "%~/x%");
  // An escape is never cut.
  BOOST_TEST(object_path(std::string(199, 'x') + "%%.y") == std::string(199, 'x') + "%~/%25%25.y");
}

BOOST_AUTO_TEST_CASE(what_no_key_leads_to_is_not_ours) {
  for (const std::string name :
       {"x", "a%2", "a%zz.b", "a%2e.b", "a%41.b", "a%-1.b", "a%:0.b", "a%@0.b", "a%G0.b", "a%1G.b",
        "a%2.b", "lost+found.x", "a:b.c", "%00%00%", "a.b%", "%", "x%~", ".hidden.x"})
    BOOST_TEST(!decode_entry(name, false), name << " passes as an object");
  for (const std::string name : {"a.b", "lost+found", "a%", "%~", "a%zz%~", "a+b%~"})
    BOOST_TEST(!decode_entry(name, true), name << " passes as a folder");
}

// Every name of a path leads back to the part of the key that it stands for.
std::string decoded(const std::string& path) {
  std::string key;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    BOOST_TEST_REQUIRE(name.size() <= 255);
    BOOST_TEST_REQUIRE(name[0] != '.');
    const auto entry = decode_entry(name, end < path.size());
    BOOST_TEST_REQUIRE(entry.has_value(), "cannot decode " << name << " of " << path);
    key += entry->name + (entry->kind == EntryKind::kFolder ? "/" : "");
    begin = end + 1;
  }
  return key;
}

BOOST_AUTO_TEST_CASE(long_keys_come_back) {
  for (const std::string& key :
       {std::string(201, 'x'), std::string(401, '.') + "/" + std::string(300, '%'),
        std::string(199, 'x') + ".y"})
    BOOST_TEST(decoded(object_path(key)) == key);
}

BOOST_AUTO_TEST_CASE(random_keys_come_back) {
  std::mt19937 random(7);
  const std::string alphabet = "ab./.%+ ~:\x01\xc3\xa4/0-";
  for (int i = 0; i < 20'000; ++i) {
    std::string key(1 + random() % (i % 50 == 0 ? 900 : 12), '\0');
    for (char& c : key) c = alphabet[random() % alphabet.size()];
    const std::string path = object_path(key);
    BOOST_TEST_REQUIRE(path.size() < 4096);
    BOOST_TEST_REQUIRE(decoded(path) == key);
  }
  BOOST_TEST(object_path(std::string(900, '/')).size() < 4096);
}

BOOST_AUTO_TEST_SUITE_END()
