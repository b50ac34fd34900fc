#include "mount.h"

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "temp_folder.h"

using namespace streamd::file_driver;

BOOST_AUTO_TEST_SUITE(mount)

BOOST_AUTO_TEST_CASE(mount_points) {
  const TempFolder folder;
  BOOST_TEST(is_mount_point("/"));
  BOOST_TEST(is_mount_point("/proc"));
  BOOST_TEST(!is_mount_point(folder.path()));
  BOOST_TEST(!is_mount_point(folder.file("absent")));
}

BOOST_AUTO_TEST_CASE(below) {
  BOOST_TEST(is_at_or_below("/mnt/usb", "/mnt/usb"));
  BOOST_TEST(is_at_or_below("/mnt/usb/a", "/mnt/usb"));
  BOOST_TEST(is_at_or_below("/mnt", "/"));
  BOOST_TEST(!is_at_or_below("/mnt/usb2", "/mnt/usb"));
  BOOST_TEST(!is_at_or_below("/mnt", "/mnt/usb"));
}

BOOST_AUTO_TEST_CASE(a_file_system_that_the_table_wants) {
  const TempFolder folder;
  const std::string table = folder.file("fstab");
  std::ofstream(table) << "# comment\n"
                       << "UUID=1 / ext4 defaults 0 1\n"
                       << "UUID=2 none swap sw 0 0\n"
                       << "proc /proc proc defaults 0 0\n"
                       << "UUID=3 " << folder.path() << " ext4 noauto 0 0\n"
                       << "UUID=4 " << folder.file("with\\040blank") << " ext4 noauto 0 0\n"
                       << "UUID=5 /elsewhere ext4 noauto 0 0\n";
  BOOST_TEST(missing_mount(table, "/proc/x") == "");
  BOOST_TEST(missing_mount(table, "/nowhere") == "");
  BOOST_TEST(missing_mount(table, folder.file("backups")) == folder.path());
  BOOST_TEST(missing_mount(table, folder.file("with blank/backups")) == folder.file("with blank"));
  BOOST_TEST(missing_mount(table, "/elsewhere") == "/elsewhere");
  BOOST_TEST(missing_mount(folder.file("absent"), "/elsewhere") == "");
}

BOOST_AUTO_TEST_SUITE_END()
