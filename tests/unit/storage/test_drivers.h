// Folders with builds of test_driver.c, trusted whatever the umask of the build was.
#pragma once
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "storage/driver_library.h"
#include "storage/driver_store.h"
#include "temp_folder.h"

class DriverFolder {
 public:
  // Copies the variant in as libstreamd-<name>.so; its path.
  std::string add(const std::string& variant, const std::string& name) const {
    const std::string path = folder_.file("libstreamd-" + name + ".so");
    std::filesystem::copy_file(std::string(TEST_DRIVERS) + "/test_driver_" + variant + ".so", path);
    std::filesystem::permissions(path, std::filesystem::perms(0644));
    return path;
  }
  const std::string& path() const { return folder_.path(); }
  std::string file(const std::string& name) const { return folder_.file(name); }

 private:
  TempFolder folder_;
};

inline std::shared_ptr<const streamd::storage::DriverLibrary> good_driver() {
  static const DriverFolder folder;
  static const auto library = streamd::storage::DriverLibrary::load(folder.add("good", "test"));
  BOOST_REQUIRE(library.has_value());
  return *library;
}

inline std::shared_ptr<streamd::storage::DriverStore> open_test_store(
    const std::string& mode = "") {
  auto store = streamd::storage::DriverStore::open(
      good_driver(), {{"mode", mode}, {"batch", "2"}, {"token", "x"}});
  BOOST_REQUIRE(store.has_value());
  return *store;
}
