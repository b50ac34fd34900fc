#include "state/folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "temp_folder.h"

using namespace streamd;
using namespace streamd::state;
namespace fs = std::filesystem;

namespace {

constexpr uid_t kSomebody = 54321;

struct Scene {
  TempFolder folder;
  Layout layout = std::move(layout_for(folder.file("a.db"), "")).take();

  void refused(const std::string& words) const {
    const Status status = provide_folder(layout);
    BOOST_REQUIRE(!status);
    BOOST_TEST((status.error().code == Code::kPermission));
    BOOST_TEST(status.error().message.find(words) != std::string::npos, status.error().message);
    BOOST_TEST(!status.error().hint.empty());
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(layouts)

BOOST_AUTO_TEST_CASE(a_folder_that_is_made_is_private) {
  const Scene scene;
  BOOST_TEST(provide_folder(scene.layout).has_value());
  struct stat made {};
  BOOST_REQUIRE(stat(scene.layout.folder.c_str(), &made) == 0);
  BOOST_TEST((made.st_mode & 0777u) == 0700u);
  BOOST_TEST(provide_folder(scene.layout).has_value());
}

BOOST_AUTO_TEST_CASE(a_folder_that_others_may_write) {
  const Scene scene;
  fs::create_directory(scene.layout.folder);
  for (const unsigned mode : {0777u, 01777u, 0702u, 0770u}) {
    fs::permissions(scene.layout.folder, fs::perms(mode));
    scene.refused("can be written by others");
  }
  fs::permissions(scene.layout.folder, fs::perms(0755));
  BOOST_TEST(provide_folder(scene.layout).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_no_folder) {
  const Scene scene;
  fs::create_symlink("/nowhere", scene.layout.folder);
  BOOST_TEST(!provide_folder(scene.layout).has_value());
  fs::remove(scene.layout.folder);
  BOOST_REQUIRE(mkfifo(scene.layout.folder.c_str(), 0600) == 0);
  scene.refused("is no folder");
}

BOOST_AUTO_TEST_CASE(whose_it_may_be) {
  const Scene scene;
  if (geteuid() != 0) return;  // nobody else can give files away
  fs::create_directory(scene.layout.folder);
  BOOST_REQUIRE(chown(scene.layout.folder.c_str(), kSomebody, kSomebody) == 0);
  scene.refused("belongs to user 54321");
  File::create_new(scene.layout.database).take();
  scene.refused("belongs to user 54321");
  BOOST_REQUIRE(chown(scene.layout.database.c_str(), kSomebody, kSomebody) == 0);
  BOOST_TEST(provide_folder(scene.layout).has_value());  // of the database's owner
}

BOOST_AUTO_TEST_CASE(a_link_to_it_counts_too) {
  const Scene scene;
  const std::string real = scene.folder.file("real");
  fs::create_directory(real);
  fs::permissions(real, fs::perms(0700));
  fs::create_symlink(real, scene.layout.folder);
  BOOST_TEST(provide_folder(scene.layout).has_value());  // our own
  if (geteuid() != 0) return;
  BOOST_REQUIRE(lchown(scene.layout.folder.c_str(), kSomebody, kSomebody) == 0);
  scene.refused("belongs to user 54321");
}

BOOST_AUTO_TEST_CASE(a_link_for_the_lock) {
  const Scene scene;
  const std::string precious = scene.folder.file("precious");
  BOOST_REQUIRE(replace_file(precious, as_bytes("of somebody else")).has_value());
  fs::create_symlink(precious, scene.layout.lock);
  const auto refused = take_lock(scene.layout);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().message.find("a symbolic link lies there") != std::string::npos);
  BOOST_TEST(as_text(*read_file(precious)) == "of somebody else");
}

BOOST_AUTO_TEST_CASE(a_brief_lock_leaves_only_what_it_found) {
  const Scene scene;
  const std::string& path = scene.layout.lock;
  { BOOST_TEST(BriefLock::take(scene.layout)->is_open()); }
  BOOST_TEST(!fs::exists(path));
  {
    auto kept = *BriefLock::take(scene.layout);
    BOOST_TEST((BriefLock::take(scene.layout).error().code == Code::kBusy));
    BOOST_TEST(fs::exists(path));
    kept.keep();
  }
  BOOST_TEST(fs::exists(path));
  { BOOST_TEST(BriefLock::take(scene.layout)->is_open()); }
  BOOST_TEST(fs::exists(path));
}

BOOST_AUTO_TEST_SUITE_END()
