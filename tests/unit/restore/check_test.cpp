// SQLite's checks of a file, on databases that SQLite made.
#include "sqlite/check.h"

#include <sqlite3.h>

#include <boost/test/unit_test.hpp>

#include "base/file.h"
#include "temp_folder.h"

using namespace streamd;
using namespace streamd::sqlite;

namespace {

void make_database(const std::string& path) {
  sqlite3* db = nullptr;
  BOOST_REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  const int done = sqlite3_exec(db,
                                "PRAGMA journal_mode = wal; PRAGMA page_size = 4096;"
                                "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT UNIQUE);"
                                "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n "
                                "WHERE i < 3000) INSERT INTO t SELECT i, 'text ' || i FROM n;",
                                nullptr, nullptr, nullptr);
  BOOST_REQUIRE(done == SQLITE_OK);
  BOOST_REQUIRE(sqlite3_close(db) == SQLITE_OK);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checks)

BOOST_AUTO_TEST_CASE(sound_files_pass_and_nothing_is_created) {
  TempFolder folder;
  const std::string path = folder.file("a b?c%20#d.db");
  make_database(path);
  for (const Check check : {Check::kNone, Check::kQuick, Check::kFull})
    BOOST_TEST(check_file(path, check, nullptr).has_value());
  BOOST_TEST(list_folder(folder.path())->size() == 1u);
  Cancel cancel;
  cancel.cancel();
  BOOST_TEST((check_file(path, Check::kFull, &cancel).error().code == Code::kCancelled));
}

BOOST_AUTO_TEST_CASE(damage_is_reported) {
  TempFolder folder;
  const std::string path = folder.file("a.db");
  make_database(path);
  File file = *File::open_write(path);
  const Bytes rubbish(3000, 0xee);
  BOOST_REQUIRE(file.write_at(2 * 4096, rubbish));
  for (const Check check : {Check::kQuick, Check::kFull})
    BOOST_TEST((check_file(path, check, nullptr).error().code == Code::kCorrupt));
  BOOST_REQUIRE(file.write_at(0, rubbish));
  BOOST_TEST((check_file(path, Check::kQuick, nullptr).error().code == Code::kCorrupt));
  BOOST_TEST(!check_file(folder.file("none"), Check::kQuick, nullptr));
}

BOOST_AUTO_TEST_CASE(names_round_trip) {
  for (const Check check : {Check::kNone, Check::kQuick, Check::kFull}) {
    Check parsed = Check::kNone;
    BOOST_TEST(parse_check(to_text(check), parsed));
    BOOST_TEST((parsed == check));
  }
  Check untouched = Check::kFull;
  BOOST_TEST(!parse_check("deep", untouched));
  BOOST_TEST((untouched == Check::kFull));
}

BOOST_AUTO_TEST_SUITE_END()
