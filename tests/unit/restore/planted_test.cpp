// What somebody else has laid out beside the target, in a folder that he may write too.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "restore/scratch.h"
#include "restore/swap.h"
#include "restoring.h"

using namespace streamd;
using namespace streamd::restore;

namespace {

void put(const std::string& path, std::string_view text) {
  must(replace_file(path, as_bytes(text)));
}
std::string get(const std::string& path) {
  return std::string(as_text(must(read_file(path))));
}
constexpr uid_t kSomebody = 54321;

struct Scene {
  TempFolder folder;
  std::string db = folder.file("a.db"), precious = folder.file("precious");
  Scene() { put(precious, "of somebody else"); }
  ~Scene() { BOOST_TEST(get(precious) == "of somebody else"); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(planted)

BOOST_AUTO_TEST_CASE(a_link_for_the_file_that_is_restored) {
  const Scene scene;
  std::filesystem::create_symlink(scene.precious, temporary_path(scene.db));
  const auto refused = Scratch::create(scene.db);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == Code::kPermission));
  BOOST_TEST(refused.error().message.find("a symbolic link lies there") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_pipe_for_it) {
  const Scene scene;
  BOOST_REQUIRE(mkfifo(temporary_path(scene.db).c_str(), 0666) == 0);
  const auto refused = Scratch::create(scene.db);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().message.find("no regular file lies there") != std::string::npos);
}

// Whoever made it may have it open.
BOOST_AUTO_TEST_CASE(a_file_for_it_is_not_used) {
  const Scene scene;
  put(temporary_path(scene.db), "left");
  const File watching = must(File::open_read(temporary_path(scene.db)));
  const Scratch scratch = must(Scratch::create(scene.db));
  BOOST_TEST(must(watching.status()).st_nlink == 0u);
  struct stat made {};
  BOOST_REQUIRE(lstat(temporary_path(scene.db).c_str(), &made) == 0);
  BOOST_TEST((made.st_mode & 0777u) == 0600u);
  BOOST_TEST((Scratch::create(scene.db).error().code == Code::kBusy));
}

// A note says what is renamed.
BOOST_AUTO_TEST_CASE(a_note_of_somebody_else) {
  Scene scene;
  const std::string note = scene.db + ".streamd-swap";
  const SwapRequest request{scene.db, ".before", scene.precious, scene.folder.file("state.new")};
  put(request.state_prepared, "prepared");
  put(temporary_path(scene.db), "a database of his");
  put(note, R"({"suffix":".x","state-folder":")" + request.state_folder +
                R"(","state-prepared":")" + request.state_prepared + R"("})");
  if (geteuid() == 0) {
    BOOST_REQUIRE(chown(note.c_str(), kSomebody, kSomebody) == 0);
    const auto refused = complete_swap(scene.db);
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == Code::kPermission));
    BOOST_TEST(refused.error().message.find("belongs to user 54321") != std::string::npos);
  }
  BOOST_REQUIRE(std::filesystem::remove(note));
  std::filesystem::create_symlink("/etc/passwd", note);
  BOOST_TEST((complete_swap(scene.db).error().code == Code::kPermission));
  BOOST_TEST(!must(stat_path(scene.db)));
}

BOOST_AUTO_TEST_CASE(a_link_for_the_log) {
  const Scene scene;
  std::filesystem::create_symlink("/nowhere/log", scene.db + "-wal");
  BOOST_TEST(must(existing_files(scene.db)).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
