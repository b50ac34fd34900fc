// The file driver when drives come and go: through its .so, as a host uses it.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "bench.h"
#include "library.h"
#include "options.h"
#include "temp_folder.h"

namespace fs = std::filesystem;
using streamd::check::Bench;
using streamd::check::Reply;
using streamd::check::Target;

namespace {

const streamd_driver& driver() {
  static const streamd_driver loaded = streamd::check::load_driver(FILE_DRIVER);
  return loaded;
}

Target target(const std::map<std::string, std::string>& options) {
  Target made;
  made.driver = &driver();
  made.options = streamd::check::checked_options(driver(), options);
  made.prefix = "p/";
  return made;
}

// The code of open and probe.
std::string refusal(const std::map<std::string, std::string>& options) {
  try {
    const Target wanted = target(options);
    const Bench bench(wanted);
    return {};
  } catch (const streamd::check::Failure& failure) {
    return failure.what();
  }
}

std::size_t files_in(const std::string& folder) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    count += entry.is_regular_file();
  return count;
}

void expect_away(Bench& bench) {
  for (const Reply& reply : {bench.put("p/b.x", "new"), bench.get("p/a.x"), bench.stat("p/a.x"),
                             bench.list("p/"), bench.remove({"p/a.x"}), bench.probe()}) {
    BOOST_TEST(reply.code == STREAMD_TRANSIENT);
    BOOST_TEST(
        std::string(reply.error.message).find("the drive is not mounted") != std::string::npos,
        reply.error.message);
    BOOST_TEST(reply.error.provider_code == std::string("NOT_MOUNTED"));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(drive)

BOOST_AUTO_TEST_CASE(the_first_put_makes_the_store_and_reading_does_not) {
  const TempFolder folder;
  const std::string root = folder.file("some/where/store");
  const Target wanted = target({{"path", root}});
  Bench bench(wanted);
  BOOST_TEST(bench.get("p/a.x").code == STREAMD_NOT_FOUND);
  BOOST_TEST(bench.list("").items.empty());
  BOOST_TEST(bench.remove({"p/a.x"}).code == STREAMD_OK);
  BOOST_TEST(!fs::exists(folder.file("some")));
  BOOST_TEST(bench.put("p/a.x", "text").code == STREAMD_OK);
  BOOST_TEST(fs::exists(root + "/.streamd-store"));
  BOOST_TEST(fs::file_size(root + "/p/a.x") == 4u);
  BOOST_TEST(bench.list("").items.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_empty_mount_point_is_not_filled) {
  const TempFolder folder;
  const std::string root = folder.file("store");
  const Target wanted = target({{"path", root}});
  Bench bench(wanted);
  BOOST_TEST(bench.put("p/a.x", "text").code == STREAMD_OK);
  fs::rename(root, folder.file("away"));
  expect_away(bench);
  BOOST_TEST(!fs::exists(root));
  fs::create_directory(root);
  expect_away(bench);
  BOOST_TEST(fs::is_empty(root));
  fs::remove(root);
  fs::rename(folder.file("away"), root);
  BOOST_TEST(bench.get("p/a.x").data == "text");
  BOOST_TEST(bench.put("p/b.x", "new").code == STREAMD_OK);
}

BOOST_AUTO_TEST_CASE(a_link_that_leads_to_nothing_is_a_drive_that_is_away) {
  const TempFolder folder;
  fs::create_symlink(folder.file("nowhere"), folder.file("backups"));
  for (const char* path : {"backups", "backups/app", "backups/some/app"}) {
    const std::string refused = refusal({{"path", folder.file(path)}});
    BOOST_TEST(refused.find("leads to nothing") != std::string::npos, refused);
  }
  const std::string root = folder.file("backups/app");
  fs::create_directory(folder.file("nowhere"));
  const Target wanted = target({{"path", root}});
  Bench bench(wanted);
  BOOST_TEST(bench.get("p/a.x").code == STREAMD_NOT_FOUND);
  fs::remove(folder.file("nowhere"));
  expect_away(bench);
  fs::create_directory(folder.file("nowhere"));
  BOOST_TEST(bench.put("p/a.x", "text").code == STREAMD_OK);
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_made_below_one_that_is_there) {
  const Target wanted = target({{"path", "/proc/no-such-process/store"}});
  Bench bench(wanted);
  const Reply reply = bench.put("p/a.x", "text");
  BOOST_TEST(reply.code == STREAMD_TRANSIENT);
  BOOST_TEST(std::string(reply.error.message).find("cannot make the folder") != std::string::npos,
             reply.error.message);
}

BOOST_AUTO_TEST_CASE(another_store_in_its_place_is_noticed_and_a_copy_of_it_is_not) {
  const TempFolder folder;
  const std::string root = folder.file("store");
  const Target wanted = target({{"path", root}});
  const Target other = target({{"path", folder.file("other")}});
  Bench bench(wanted);
  Bench second(other);
  BOOST_TEST(bench.put("p/a.x", "text").code == STREAMD_OK);
  BOOST_TEST(second.put("p/a.x", "text").code == STREAMD_OK);
  fs::rename(root, folder.file("away"));
  fs::rename(folder.file("other"), root);
  expect_away(bench);
  fs::remove_all(root);
  fs::copy(folder.file("away"), root, fs::copy_options::recursive);
  BOOST_TEST(bench.get("p/a.x").data == "text");
}

BOOST_AUTO_TEST_CASE(create_false_wants_a_store) {
  const TempFolder folder;
  const std::string root = folder.file("store");
  BOOST_TEST(refusal({{"path", root}, {"create", "false"}}).find("create is false") !=
             std::string::npos);
  fs::create_directory(root);
  BOOST_TEST(refusal({{"path", root}, {"create", "false"}}).find("create is false") !=
             std::string::npos);
  BOOST_TEST(fs::is_empty(root));
  std::ofstream(root + "/.streamd-store").flush();
  const Target wanted = target({{"path", root}, {"create", "false"}});
  Bench bench(wanted);
  BOOST_TEST(bench.put("p/a.x", "text").code == STREAMD_OK);
}

BOOST_AUTO_TEST_CASE(mount_must_be_a_mount_point) {
  const TempFolder folder;
  const std::string root = folder.file("store");
  BOOST_TEST(refusal({{"path", root}, {"mount", folder.path()}}).find("is no mount point") !=
             std::string::npos);
  BOOST_TEST(refusal({{"path", root}, {"mount", "/proc"}}).find("does not lie below") !=
             std::string::npos);
  const Target wanted = target({{"path", root}, {"mount", "/"}});
  Bench bench(wanted);
  BOOST_TEST(bench.put("p/a.x", "text").code == STREAMD_OK);
}

BOOST_AUTO_TEST_CASE(a_folder_with_other_things_is_not_taken_over_but_can_be_read) {
  const TempFolder folder;
  const std::string root = folder.file("store");
  fs::create_directories(root + "/p");
  std::ofstream(root + "/p/a.x") << "copied without the marker";
  const Target wanted = target({{"path", root}});
  Bench bench(wanted);
  BOOST_TEST(bench.get("p/a.x").data == "copied without the marker");
  const Reply put = bench.put("p/b.x", "new");
  BOOST_TEST(put.code == STREAMD_INVALID_CONFIG);
  BOOST_TEST(std::string(put.error.message).find("touch " + root + "/.streamd-store") !=
             std::string::npos);
  BOOST_TEST(files_in(root) == 1u);
  std::ofstream(root + "/.streamd-store").flush();
  BOOST_TEST(bench.put("p/b.x", "new").code == STREAMD_OK);
}

BOOST_AUTO_TEST_CASE(what_a_crash_left_is_cleared_away) {
  const TempFolder folder;
  const std::string root = folder.file("store");
  const Target wanted = target({{"path", root}});
  { BOOST_TEST(Bench(wanted).put("p/a.x", "text").code == STREAMD_OK); }
  const std::string old = root + "/.streamd-tmp/old";
  const std::string young = root + "/.streamd-tmp/young";
  std::ofstream(old) << "part of an object";
  std::ofstream(young) << "part of an object";
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(2));
  BOOST_TEST(Bench(wanted).put("p/b.x", "text").code == STREAMD_OK);
  BOOST_TEST(!fs::exists(old));
  BOOST_TEST(fs::exists(young));
}

BOOST_AUTO_TEST_CASE(empty_folders_go) {
  const TempFolder folder;
  const std::string root = folder.file("store");
  const Target wanted = target({{"path", root}});
  Bench bench(wanted);
  BOOST_TEST(bench.put("p/a/b/c.x", "text").code == STREAMD_OK);
  BOOST_TEST(bench.put("p/d.x", "text").code == STREAMD_OK);
  BOOST_TEST(bench.remove({"p/a/b/c.x"}).code == STREAMD_OK);
  BOOST_TEST(!fs::exists(root + "/p/a"));
  BOOST_TEST(fs::exists(root + "/p/d.x"));
}

BOOST_AUTO_TEST_CASE(what_is_not_ours_is_not_listed) {
  const TempFolder folder;
  const std::string root = folder.file("store");
  const Target wanted = target({{"path", root}});
  Bench bench(wanted);
  BOOST_TEST(bench.put("p/a.x", "text").code == STREAMD_OK);
  fs::create_directory(root + "/lost+found");
  std::ofstream(root + "/README") << "not an object";
  fs::create_symlink("/etc", root + "/etc");
  fs::create_symlink("a.x", root + "/p/link.x");
  BOOST_TEST(bench.list("").items.size() == 1u);
}

BOOST_AUTO_TEST_CASE(links_lead_nowhere) {
  const TempFolder folder;
  const std::string root = folder.file("store"), outside = folder.file("outside");
  const Target wanted = target({{"path", root}});
  { BOOST_TEST(Bench(wanted).put("p/a.x", "text").code == STREAMD_OK); }
  fs::create_directory(outside);
  const std::string precious = outside + "/precious.x";
  std::ofstream(precious) << "of somebody else";
  fs::last_write_time(precious, fs::file_time_type::clock::now() - std::chrono::hours(2));
  fs::create_directory_symlink(outside, root + "/q");
  fs::create_symlink(precious, root + "/p/link.x");
  Bench bench(wanted);
  for (const char* key : {"q/precious.x", "p/link.x"}) {
    BOOST_TEST(bench.get(key).code == STREAMD_NOT_FOUND);
    BOOST_TEST(bench.stat(key).code == STREAMD_NOT_FOUND);
    BOOST_TEST(bench.remove({key}).code == STREAMD_OK);
  }
  BOOST_TEST(bench.put("q/new.x", "text").code == STREAMD_INVALID_CONFIG);
  BOOST_TEST(bench.put("p/link.x", "text").code == STREAMD_OK);  // takes the name itself
  fs::remove_all(root + "/.streamd-tmp");
  fs::create_directory_symlink(outside, root + "/.streamd-tmp");
  BOOST_TEST(Bench(wanted).put("p/b.x", "text").code == STREAMD_INVALID_CONFIG);
  BOOST_TEST(files_in(outside) == 1u);
  std::string text;
  std::getline(std::ifstream(precious), text);
  BOOST_TEST(text == "of somebody else");
}

// Whoever opens a pipe to read it waits for a writer: here none ever comes.
BOOST_AUTO_TEST_CASE(pipes_keep_nobody) {
  const TempFolder folder;
  const std::string root = folder.file("store");
  const Target wanted = target({{"path", root}});
  { BOOST_TEST(Bench(wanted).put("p/a.x", "text").code == STREAMD_OK); }
  BOOST_TEST_REQUIRE(mkfifo((root + "/p/pipe.x").c_str(), 0600) == 0);
  fs::remove(root + "/.streamd-store");
  BOOST_TEST_REQUIRE(mkfifo((root + "/.streamd-store").c_str(), 0600) == 0);
  Bench bench(wanted);
  BOOST_TEST(bench.get("p/pipe.x").code == STREAMD_NOT_FOUND);
  BOOST_TEST(bench.stat("p/pipe.x").code == STREAMD_NOT_FOUND);
  BOOST_TEST(bench.list("").items.size() == 1u);
  BOOST_TEST(bench.get("p/a.x").data == "text");
}

BOOST_AUTO_TEST_CASE(paths_that_cannot_be) {
  const TempFolder folder;
  std::ofstream(folder.file("file")) << "x";
  BOOST_TEST(refusal({{"path", folder.file("file")}}).find("invalid config") != std::string::npos);
  const Target wanted = target({{"path", folder.file("file/store")}});
  BOOST_CHECK_THROW(Bench{wanted}, streamd::check::Failure);
}

namespace {

// A small file system of our own, in a name space of our own. Each step has a number; 0 = all is
// well.
int on_a_small_disk(const std::string& root) {
  const Target wanted = target({{"path", root}, {"mount", root}});
  Bench bench(wanted);
  if (!fs::is_empty(root)) return 10;  // by probe
  if (bench.put("p/a.x", "text").code != STREAMD_OK) return 1;
  const Reply full = bench.put("p/large.x", std::string(4 << 20, 'x'));
  if (full.code != STREAMD_TRANSIENT || full.error.provider_code != std::string("ENOSPC")) return 2;
  if (!fs::is_empty(root + "/.streamd-tmp") || bench.list("").items.size() != 1) return 3;
  if (bench.put("p/small.x", "fits").code != STREAMD_OK) return 4;
  if (mount(nullptr, root.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) return 5;
  const Reply refused = bench.put("p/b.x", "new");
  if (refused.code != STREAMD_PERMISSION || refused.error.provider_code != std::string("EROFS"))
    return 6;
  if (bench.remove({"p/a.x"}).code != STREAMD_PERMISSION || bench.get("p/a.x").data != "text")
    return 7;
  if (umount2(root.c_str(), 0) != 0) return 8;  // busy, if the driver kept something open
  if (bench.put("p/b.x", "new").code != STREAMD_TRANSIENT || !fs::is_empty(root)) return 9;
  return 0;
}

constexpr int kNotAllowed = 77;

bool enter_own_mounts() {
  if (unshare(CLONE_NEWNS) == 0) return true;  // as root
  const std::string user = std::to_string(getuid());
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  std::ofstream map("/proc/self/uid_map");
  map << "0 " << user << " 1\n";
  return map.flush().good();
}

int child(const std::string& root) {
  if (!enter_own_mounts()) return kNotAllowed;
  mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  if (mount("tmpfs", root.c_str(), "tmpfs", 0, "size=1m") != 0) return kNotAllowed;
  return on_a_small_disk(root);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_full_a_read_only_and_an_unmounted_disk) {
  const TempFolder folder;
  const std::string root = folder.file("disk");
  fs::create_directory(root);
  driver();
  const pid_t pid = fork();
  BOOST_TEST_REQUIRE(pid >= 0);
  if (pid == 0) _exit(child(root));
  int status = 0;
  BOOST_TEST_REQUIRE(waitpid(pid, &status, 0) == pid);
  BOOST_TEST_REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNotAllowed)
    BOOST_TEST_MESSAGE("skipped: this machine lets no test mount a file system");
  else
    BOOST_TEST(WEXITSTATUS(status) == 0, "step " << WEXITSTATUS(status) << " failed");
}

BOOST_AUTO_TEST_CASE(an_object_that_becomes_shorter_while_it_is_read_is_not_whole) {
  const TempFolder folder;
  const Target wanted = target({{"path", folder.path()}});
  Bench bench(wanted);
  const std::string bytes(600'000, 'x');
  for (const std::uint64_t length : {STREAMD_TO_THE_END, std::uint64_t{500'000}}) {
    BOOST_REQUIRE(bench.put("p/a.x", bytes).code == STREAMD_OK);
    std::size_t got = 0;
    const Reply reply = bench.get_into("p/a.x", 0, length, [&](const char*, std::size_t size) {
      got += size;
      fs::resize_file(folder.file("p/a.x"), 400'000);
      return STREAMD_OK;
    });
    BOOST_TEST(reply.code == STREAMD_CORRUPT);
    BOOST_TEST(got == 400'000u);
  }
}

BOOST_AUTO_TEST_SUITE_END()
