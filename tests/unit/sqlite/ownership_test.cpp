#include "sqlite/ownership.h"

#include <boost/test/unit_test.hpp>

using streamd::sqlite::owner_can_use_what_we_create;

BOOST_AUTO_TEST_SUITE(ownership)

BOOST_AUTO_TEST_CASE(we_create_only_what_the_owner_can_write) {
  struct stat database {
  }, folder{};
  database.st_uid = 1000;
  database.st_gid = 1000;
  database.st_mode = S_IFREG | 0644;
  folder.st_gid = 50;
  BOOST_TEST(
      owner_can_use_what_we_create(database, folder, 0, 0));  // root: SQLite gives it to the owner
  BOOST_TEST(owner_can_use_what_we_create(database, folder, 1000, 7));     // the owner
  BOOST_TEST(!owner_can_use_what_we_create(database, folder, 999, 1000));  // the group cannot write
  database.st_mode = S_IFREG | 0664;
  BOOST_TEST(
      owner_can_use_what_we_create(database, folder, 999, 1000));  // our group is the database's
  BOOST_TEST(!owner_can_use_what_we_create(database, folder, 999, 999));
  folder.st_mode = S_IFDIR | S_ISGID | 0770;
  BOOST_TEST(
      !owner_can_use_what_we_create(database, folder, 999, 1000));  // the folder's group wins
  folder.st_gid = 1000;
  BOOST_TEST(owner_can_use_what_we_create(database, folder, 999, 999));
}

BOOST_AUTO_TEST_SUITE_END()
