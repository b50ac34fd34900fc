#include "daemon/unix_socket.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "base/file.h"
#include "temp_folder.h"

using namespace streamd;
using namespace streamd::daemon;
namespace fs = std::filesystem;

namespace {

struct stat look(const std::string& path) {
  struct stat found {};
  BOOST_REQUIRE(lstat(path.c_str(), &found) == 0);
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(unix_sockets)

BOOST_AUTO_TEST_CASE(the_mode_is_the_one_that_was_asked_for) {
  const TempFolder folder;
  for (const unsigned mode : {0600u, 0660u}) {
    const auto listening = listen_at(folder.file("s"), {mode, ""});
    BOOST_REQUIRE(listening.has_value());
    BOOST_TEST((look(folder.file("s")).st_mode & 0777u) == mode);
    fs::remove(folder.file("s"));
  }
}

// It is there under its name before it has the mode that was asked for.
BOOST_AUTO_TEST_CASE(until_then_it_is_its_users_alone) {
  const TempFolder folder;
  BOOST_TEST(!listen_at(folder.file("s"), {0666, "no-such-group"}).has_value());
  BOOST_TEST((look(folder.file("s")).st_mode & 0777u) == 0600u);
}

BOOST_AUTO_TEST_CASE(a_link_that_has_the_name_is_not_followed) {
  const TempFolder folder;
  { const auto stale = listen_at(folder.file("stale"), {}); }
  for (const std::string& to : {folder.file("stale"), folder.file("none"), folder.path()}) {
    fs::create_symlink(to, folder.file("s"));
    const auto refused = listen_at(folder.file("s"), {});
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == Code::kExists));
    BOOST_TEST(refused.error().message.find("is no socket") != std::string::npos);
    fs::remove(folder.file("s"));
  }
  BOOST_TEST(fs::exists(folder.file("stale")));
  BOOST_TEST(!fs::exists(folder.file("none")));
}

BOOST_AUTO_TEST_CASE(a_file_that_has_the_name_stays) {
  const TempFolder folder;
  BOOST_REQUIRE(replace_file(folder.file("s"), as_bytes("mine")).has_value());
  BOOST_TEST((listen_at(folder.file("s"), {}).error().code == Code::kExists));
  BOOST_TEST(as_text(*read_file(folder.file("s"))) == "mine");
}

BOOST_AUTO_TEST_SUITE_END()
