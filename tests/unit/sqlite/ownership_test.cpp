#include "sqlite/ownership.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "base/file.h"
#include "live_database.h"
#include "sqlite/connection.h"

using namespace streamd;
using sqlite::Access;
using sqlite::access_when_created;
using sqlite::AccessList;
using sqlite::Process;

namespace {

constexpr uid_t kOwner = 1000, kDaemon = 2000;
constexpr gid_t kGroup = 1000, kDaemons = 2000, kFolders = 4000;
const Access kDatabase{kOwner, kGroup, AccessList::of_mode(0660)};

}  // namespace

BOOST_AUTO_TEST_SUITE(ownership)

BOOST_AUTO_TEST_CASE(root_gives_what_it_creates_away) {
  const Access file = access_when_created(kDatabase, {}, {}, Process{0, {0}});
  BOOST_TEST(file.owner == kOwner);
  BOOST_TEST(file.group == kGroup);
  BOOST_TEST(file.list.mode() == 0660u);
}

BOOST_AUTO_TEST_CASE(others_keep_it_and_give_it_a_group_of_theirs) {
  const Access stranger = access_when_created(kDatabase, {}, {}, Process{kDaemon, {kDaemons}});
  BOOST_TEST(stranger.owner == kDaemon);
  BOOST_TEST(stranger.group == kDaemons);
  const Access member =
      access_when_created(kDatabase, {}, {}, Process{kDaemon, {kDaemons, kGroup}});
  BOOST_TEST(member.owner == kDaemon);
  BOOST_TEST(member.group == kGroup);
}

BOOST_AUTO_TEST_CASE(a_setgid_folder_gives_its_group) {
  BOOST_TEST(access_when_created(kDatabase, {}, kFolders, Process{kDaemon, {kDaemons}}).group ==
             kFolders);
  BOOST_TEST(access_when_created(kDatabase, {}, kGroup, Process{kDaemon, {kDaemons}}).group ==
             kGroup);
}

BOOST_AUTO_TEST_CASE(a_default_list_stays_under_the_mode) {
  const AccessList folder{7, 5, 5, 7, {{false, kOwner, 7}}};
  const Access file = access_when_created(kDatabase, folder, {}, Process{kDaemon, {kDaemons}});
  BOOST_TEST((file.list == AccessList{6, 5, 0, 6, {{false, kOwner, 7}}}));
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_created_with_the_mode_of_the_database) {
  LiveDatabase database;
  database.close();
  const std::string log = database.path() + "-wal", index = database.path() + "-shm";
  BOOST_REQUIRE(!std::filesystem::exists(log));
  const mode_t before = umask(077);  // must not matter
  BOOST_REQUIRE(chmod(database.path().c_str(), 0664) == 0);
  BOOST_TEST(sqlite::check_log_files(database.path()).has_value());
  BOOST_TEST(!std::filesystem::exists(log));
  BOOST_TEST(sqlite::provide_log_files(database.path()).has_value());
  umask(before);
  for (const std::string& path : {log, index}) {
    struct stat info {};
    BOOST_REQUIRE(stat(path.c_str(), &info) == 0);
    BOOST_TEST((info.st_mode & 07777) == 0664u);
    BOOST_TEST(info.st_size == 0);
  }
  BOOST_TEST(list_folder(database.folder())->size() == 3u);  // nothing else is left behind
  database.open();
  database.insert(3);
  const auto size = std::filesystem::file_size(log);
  BOOST_TEST(size > 0u);
  BOOST_TEST(sqlite::provide_log_files(database.path()).has_value());
  BOOST_TEST(std::filesystem::file_size(log) == size);  // what is there stays
}

// Between our look at the files and SQLite's opening them they must not go away: SQLite would
// create them.
BOOST_AUTO_TEST_CASE(a_held_database_keeps_its_log) {
  LiveDatabase database;
  const std::string log = database.path() + "-wal", index = database.path() + "-shm";
  sqlite::Connection connection;
  BOOST_REQUIRE(connection.open(database.path()));
  BOOST_TEST(connection.hold().has_value());
  database.close();
  BOOST_TEST(std::filesystem::exists(log));
  BOOST_TEST(std::filesystem::exists(index));
  BOOST_TEST(connection.touch().has_value());
  database.open();
  database.insert(1);
  database.close();
  BOOST_TEST(std::filesystem::exists(log));  // and so it stays
  connection.close();
  database.open();
  database.insert(1);
  BOOST_REQUIRE(connection.open(database.path()));
  database.close();  // not held
  BOOST_TEST(!std::filesystem::exists(log));
}

BOOST_AUTO_TEST_CASE(a_missing_database_is_said_to_be_missing) {
  const TempFolder folder;
  BOOST_TEST((sqlite::check_access(folder.file("app.db")).error().code == Code::kNotFound));
  BOOST_TEST((sqlite::check_access(folder.path()).error().code == Code::kInvalidConfig));
}

BOOST_AUTO_TEST_SUITE_END()
