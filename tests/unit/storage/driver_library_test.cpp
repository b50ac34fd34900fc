#include "storage/driver_library.h"

#include <sys/stat.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <fstream>

#include "storage/driver_trust.h"
#include "test_drivers.h"

using namespace streamd;
using namespace streamd::storage;

namespace {

Error refusal_of(const std::string& variant) {
  const DriverFolder folder;
  const auto library = DriverLibrary::load(folder.add(variant, "test"));
  BOOST_REQUIRE(!library.has_value());
  BOOST_TEST(library.error().message.find(folder.path()) != std::string::npos);
  BOOST_TEST(!library.error().hint.empty());
  return library.error();
}

bool says(const Error& error, const std::string& text) {
  const bool found = error.message.find(text) != std::string::npos;
  if (!found) BOOST_TEST_MESSAGE("message: " << error.message);
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(driver_library)

BOOST_AUTO_TEST_CASE(a_good_driver_says_who_it_is) {
  const DriverFolder folder;
  const auto library = DriverLibrary::load(folder.add("good", "test"));
  BOOST_REQUIRE(library.has_value());
  BOOST_TEST((*library)->name() == "test");
  BOOST_TEST((*library)->version() == "1.2.3");
  BOOST_TEST((*library)->summary() == "objects in memory");
  BOOST_REQUIRE((*library)->options().size() == 3u);
  const DriverOption& token = (*library)->options()[2];
  BOOST_TEST(token.name == "token");
  BOOST_TEST(token.type == "string");
  BOOST_TEST(token.default_value == "");
  BOOST_TEST(token.help == "the credential");
  BOOST_TEST(token.required);
  BOOST_TEST(token.secret);
  BOOST_TEST(!(*library)->options()[0].required);
}

BOOST_AUTO_TEST_CASE(a_driver_of_a_newer_sdk_loads) {
  const DriverFolder folder;
  BOOST_TEST(DriverLibrary::load(folder.add("large", "test")).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_no_driver_is_refused) {
  BOOST_TEST(
      says(refusal_of("no_entry"), "no entry point, expected the symbol 'streamd_driver_v1'"));
  BOOST_TEST(says(refusal_of("declines"), "that it declines streamd"));
  BOOST_TEST((refusal_of("declines").code == Code::kUnsupported));
  BOOST_TEST(says(refusal_of("small"), "no member 'put'"));
  BOOST_TEST(says(refusal_of("no_get"), "no member 'get'"));
  BOOST_TEST(says(refusal_of("no_name"), "no name"));
  BOOST_TEST(says(refusal_of("bad_name"), "the name 'Upper Case'"));
}

BOOST_AUTO_TEST_CASE(what_is_no_shared_object_is_refused) {
  const DriverFolder folder;
  const std::string path = folder.file("libstreamd-text.so");
  std::ofstream(path) << "not an ELF file";
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  const auto text = DriverLibrary::load(path);
  BOOST_REQUIRE(!text.has_value());
  BOOST_TEST(says(text.error(), "that it does not load"));
  const auto missing = DriverLibrary::load(folder.file("libstreamd-missing.so"));
  BOOST_TEST((missing.error().code == Code::kNotFound));
  const auto directory = DriverLibrary::load(folder.path());
  BOOST_TEST(says(directory.error(), "is not a regular file"));
  BOOST_TEST(says(DriverLibrary::load("driver.so").error(), "relative path 'driver.so'"));
  BOOST_TEST(!DriverLibrary::load("").has_value());
}

BOOST_AUTO_TEST_CASE(only_trusted_places) {
  const DriverFolder folder;
  const std::string path = folder.add("good", "test");
  std::filesystem::permissions(path, std::filesystem::perms(0664));
  const auto group_file = DriverLibrary::load(path);
  BOOST_REQUIRE(!group_file.has_value());
  BOOST_TEST((group_file.error().code == Code::kPermission));
  BOOST_TEST(says(group_file.error(), "has mode 0664"));
  BOOST_TEST(group_file.error().hint == "chmod go-w " + path);
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0770));
  BOOST_TEST(says(DriverLibrary::load(path).error(), "folder " + folder.path()));
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0700));
  BOOST_TEST(DriverLibrary::load(path).has_value());
}

BOOST_AUTO_TEST_CASE(a_link_into_an_untrusted_folder_is_not_followed) {
  const DriverFolder trusted, open;
  const std::string real = open.add("good", "test");
  std::filesystem::permissions(open.path(), std::filesystem::perms(0777));
  std::filesystem::create_symlink(real, trusted.file("libstreamd-test.so"));
  BOOST_TEST(says(DriverLibrary::load(trusted.file("libstreamd-test.so")).error(), open.path()));
}

BOOST_AUTO_TEST_CASE(owners) {
  struct stat status {};
  status.st_mode = S_IFREG | 0644;
  status.st_uid = 0;
  BOOST_TEST(check_trusted("file", "/x", status, 7).has_value());
  status.st_uid = 7;
  BOOST_TEST(check_trusted("file", "/x", status, 7).has_value());
  status.st_uid = 8;
  BOOST_TEST(says(check_trusted("file", "/x", status, 7).error(),
                  "file /x is owned by user 8, expected root or user 7"));
  status.st_uid = 7;
  status.st_mode = S_IFREG | 0602;
  BOOST_TEST(says(check_trusted("file", "/x", status, 7).error(), "has mode 0602"));
}

// The same with real files, where files can be given away.
BOOST_AUTO_TEST_CASE(files_and_folders_of_somebody_else) {
  if (geteuid() != 0) return;
  constexpr uid_t kSomebody = 54321;
  const DriverFolder folder;
  const std::string path = folder.add("good", "test");
  for (const std::string& given : {path, folder.path()}) {
    BOOST_REQUIRE(chown(given.c_str(), kSomebody, kSomebody) == 0);
    const auto refused = Drivers({folder.path()}).find("test");
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == Code::kPermission));
    BOOST_TEST(says(refused.error(), given + " is owned by user 54321, expected root or user 0"));
    BOOST_REQUIRE(chown(given.c_str(), 0, 0) == 0);
  }
  BOOST_TEST(Drivers({folder.path()}).find("test").has_value());
}

BOOST_AUTO_TEST_CASE(what_has_the_name_of_a_driver_and_is_no_file) {
  const DriverFolder folder;
  BOOST_REQUIRE(mkfifo(folder.file("libstreamd-pipe.so").c_str(), 0600) == 0);
  std::filesystem::create_directory(folder.file("libstreamd-folder.so"));
  std::filesystem::create_symlink("/nowhere", folder.file("libstreamd-link.so"));
  std::filesystem::create_symlink("/dev/zero", folder.file("libstreamd-device.so"));
  const auto listed = Drivers({folder.path()}).list();  // and waits for nobody
  BOOST_TEST(listed.size() == 4u);
  for (const DriverListing& one : listed) BOOST_TEST(one.refused, one.name);
}

BOOST_AUTO_TEST_CASE(drivers_are_found_by_name_in_the_order_of_folders) {
  const DriverFolder first, second;
  second.add("good", "test");
  Drivers drivers({"/nonexistent/folder", first.path(), second.path()});
  const auto found = drivers.find("test");
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST((*found)->path() == second.file("libstreamd-test.so"));
  BOOST_TEST((drivers.find("test")->get() == found->get()));  // loaded once
  first.add("declines", "test");
  BOOST_TEST((drivers.find("test").error().code == Code::kUnsupported));
}

BOOST_AUTO_TEST_CASE(a_driver_that_is_not_there) {
  const DriverFolder folder;
  Drivers drivers({folder.path()});
  const auto none = drivers.find("s3");
  BOOST_TEST((none.error().code == Code::kNotFound));
  BOOST_TEST(says(none.error(), "driver 's3' not found: no libstreamd-s3.so in " + folder.path()));
  BOOST_TEST(none.error().hint == "install a driver there, or set driver-path");
  folder.add("good", "test");
  BOOST_TEST(drivers.find("s3").error().hint == "drivers found: test");
  BOOST_TEST((drivers.find("../test").error().code == Code::kNotFound));
  BOOST_TEST(says(Drivers({"relative"}).find("s3").error(), "relative path"));
}

BOOST_AUTO_TEST_CASE(the_list_says_why_a_driver_is_refused) {
  const DriverFolder folder;
  folder.add("good", "test");
  folder.add("misnamed", "wrong");
  std::ofstream(folder.file("README")) << "no driver";
  std::ofstream(folder.file("libstreamd-.so")) << "no driver either";
  const auto listed = Drivers({folder.path()}).list();
  BOOST_REQUIRE(listed.size() == 2u);
  BOOST_TEST(listed[0].name == "test");
  BOOST_TEST(listed[0].version == "1.2.3");
  BOOST_TEST(!listed[0].refused);
  BOOST_TEST(listed[1].name == "wrong");
  BOOST_TEST(listed[1].refused);
  BOOST_TEST(says(listed[1].why, "found the driver 'another', expected 'wrong'"));
  BOOST_TEST(listed[1].why.hint == "rename the file to libstreamd-another.so");
}

BOOST_AUTO_TEST_SUITE_END()
