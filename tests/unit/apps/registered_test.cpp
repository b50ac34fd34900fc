#include "apps/registered.h"

#include <boost/test/unit_test.hpp>

#include "config/load.h"

using namespace streamd;

namespace {

config::Database database(const std::string& path) {
  config::Context context = config::process_context({});
  const auto loaded = config::load_sources(
      {{"t.toml", "[[database]]\npath = \"" + path + "\"\nrestore-missing = true\n" +
                      "[[database.replica]]\ndriver = \"file\"\npath = \"/b\"\nname = \"usb\"\n"}},
      context);
  return loaded.config.databases.front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(registered)

BOOST_AUTO_TEST_CASE(what_is_added_can_be_taken_out_again) {
  const auto first = database("/d/a.db"), second = database("/d/b.db");
  const std::string one = apps::with_database("", first);
  const std::string two = apps::with_database(one, second);
  BOOST_TEST(one.find("path = \"/d/a.db\"") != std::string::npos);
  BOOST_TEST(one.find("sync-interval") == std::string::npos);  // a default is not written down
  const auto loaded = config::load_sources({{"r.toml", two}}, config::process_context({}));
  BOOST_REQUIRE(loaded.config.databases.size() == 2);
  BOOST_TEST(loaded.config.databases[1].replicas.front().name == "usb");
  BOOST_TEST(loaded.config.databases[1].restore_missing);
  const auto without = apps::without_database(two, first);
  BOOST_REQUIRE(without.has_value());
  const auto rest = config::load_sources({{"r.toml", *without}}, config::process_context({}));
  BOOST_REQUIRE(rest.config.databases.size() == 1);
  BOOST_TEST(rest.config.databases[0].path == "/d/b.db");
  BOOST_TEST(!apps::without_database(*without, first).has_value());
}

BOOST_AUTO_TEST_CASE(its_place) {
  BOOST_TEST(apps::registered_file("/etc/streamd/streamd.toml") ==
             "/etc/streamd/conf.d/registered.toml");
}

BOOST_AUTO_TEST_SUITE_END()
