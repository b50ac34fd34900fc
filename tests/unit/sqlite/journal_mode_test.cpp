// set-wal: a database is put into WAL mode when nobody has it locked, and only then.
#include "sqlite/journal_mode.h"

#include "base/file.h"
#include "live_database.h"
#include "sqlite/connection.h"

using namespace streamd;
using namespace streamd::sqlite;

namespace {

struct Fixture : LiveDatabase {
  Fixture() { run("PRAGMA journal_mode=DELETE"); }
  // A connection of its own each time, as every attempt to attach has.
  Status require(bool convert) const { return require(path(), convert); }
  static Status require(const std::string& file, bool convert) {
    Connection connection;
    TRY(connection.open(file));
    return require_wal_mode(connection, file, convert);
  }
  std::string mode() {
    run("SELECT * FROM t");  // it notices a change by others when it reads
    std::string found;
    sqlite3_exec(
        handle(), "PRAGMA journal_mode",
        [](void* out, int, char** columns, char**) {
          *static_cast<std::string*>(out) = columns[0];
          return 0;
        },
        &found, nullptr);
    return found;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(journal_mode_of_a_database, Fixture)

BOOST_AUTO_TEST_CASE(it_is_changed_on_request) {
  insert(10);
  BOOST_TEST((require(false).error().code == Code::kNotWal));
  BOOST_TEST(mode() == "delete");
  BOOST_TEST(require(true).has_value());
  BOOST_TEST(mode() == "wal");
  insert(10);
  BOOST_TEST(require(false).has_value());
}

BOOST_AUTO_TEST_CASE(not_while_somebody_has_it_locked) {
  for (const char* lock : {"BEGIN; SELECT * FROM t", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"}) {
    run(lock);
    BOOST_TEST((require(true).error().code == Code::kBusy), lock);
    run("ROLLBACK");
    BOOST_TEST(mode() == "delete");
  }
  BOOST_TEST(require(true).has_value());
}

// The application has not chosen its page size and encoding yet.
BOOST_AUTO_TEST_CASE(an_empty_file_is_left_alone) {
  const std::string empty = folder_file("empty.db");
  BOOST_REQUIRE(replace_file(empty, {}).has_value());
  BOOST_TEST((require(empty, true).error().code == Code::kNotWal));
  BOOST_TEST((*stat_path(empty))->st_size == 0);
}

BOOST_AUTO_TEST_CASE(what_is_no_database_is_said_to_be_none) {
  const std::string junk = folder_file("junk.db");
  for (const std::string& text : {std::string("xx"), std::string(100'000, 'x')}) {
    BOOST_REQUIRE(replace_file(junk, as_bytes(text)).has_value());
    BOOST_TEST((require(junk, true).error().code == Code::kInvalidConfig));
  }
}

BOOST_AUTO_TEST_SUITE_END()
