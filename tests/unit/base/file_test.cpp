#include "base/file.h"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <vector>

#include "base/found.h"
#include "temp_folder.h"

using namespace streamd;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(file)

BOOST_AUTO_TEST_CASE(replace_is_whole_or_nothing_at_every_fault) {
  const TempFolder folder;
  const std::string path = folder.file("state");
  BOOST_REQUIRE(replace_file(path, as_bytes("old")).has_value());
  for (int nth = 1;; ++nth) {  // every n-th operation fails once, until a run meets no fault
    int left = nth;
    set_file_fault([&](FileOp, const std::string&) { return --left == 0 ? EIO : 0; });
    const Status replaced = replace_file(path, as_bytes("new"));
    set_file_fault({});
    const auto now = read_file(path);
    BOOST_REQUIRE(now.has_value());
    BOOST_TEST((as_text(*now) == "old" || as_text(*now) == "new"));
    BOOST_TEST(list_folder(folder.path())->size() == 1u);  // no temporary is left
    if (left > 0) {
      BOOST_TEST(replaced.has_value());
      BOOST_TEST(nth > 4);  // open, write, sync, rename, ... were all reached
      break;
    }
    BOOST_TEST(!replaced.has_value());
  }
}

// A name that is durable before its content would be an empty file after a power cut; one that is
// not at all, the old one.
BOOST_AUTO_TEST_CASE(a_replaced_file_is_durable_before_its_name_and_its_name_in_the_end) {
  const TempFolder folder;
  std::vector<std::string> done;
  set_file_fault([&](FileOp operation, const std::string& path) {
    if (operation == FileOp::kSync) done.push_back(path == folder.path() ? "folder" : "file");
    if (operation == FileOp::kRename) done.push_back("name");
    return 0;
  });
  BOOST_TEST(replace_file(folder.file("state"), as_bytes("new")).has_value());
  set_file_fault({});
  BOOST_TEST((done == std::vector<std::string>{"file", "name", "folder"}));
}

BOOST_AUTO_TEST_CASE(what_a_killed_process_left_goes_and_nothing_else) {
  const TempFolder folder;
  const std::string old = "copy-follow.tmp-0123abcd", young = "copy-follow.tmp-0123abce";
  for (const std::string& name :
       {old, young, std::string("copy-follow"), std::string("copy.tmp-1"),
        std::string("copy-follow.tmp-0123abcg"), std::string("other.tmp-0123abcd")}) {
    BOOST_REQUIRE(File::create(folder.file(name)).has_value());
    if (name != young)
      fs::last_write_time(folder.file(name),
                          fs::file_time_type::clock::now() - std::chrono::hours(2));
  }
  remove_leftovers(folder.path(), "copy-follow");
  BOOST_TEST(!fs::exists(folder.file(old)));
  BOOST_TEST(list_folder(folder.path())->size() == 5u);
  remove_leftovers(folder.path(), "");
  BOOST_TEST(!fs::exists(folder.file("other.tmp-0123abcd")));
  BOOST_TEST(list_folder(folder.path())->size() == 4u);
  remove_leftovers(folder.file("nowhere"), "");
}

BOOST_AUTO_TEST_CASE(reads_know_the_end) {
  const TempFolder folder;
  BOOST_REQUIRE(replace_file(folder.file("f"), as_bytes("12345")).has_value());
  const auto opened = File::open_read(folder.file("f"));
  BOOST_REQUIRE(opened.has_value());
  std::uint8_t four[4];
  BOOST_TEST(opened->read_at(1, four).has_value());
  BOOST_TEST(as_text(four) == "2345");
  BOOST_TEST((opened->read_at(2, four).error().code == Code::kCorrupt));
  BOOST_TEST(opened->read_some_at(3, four).value() == 2u);
  BOOST_TEST((read_file(folder.file("f"), 4).error().code == Code::kCorrupt));
}

// The kernel writes what is below the limit, and says how much that was.
BOOST_AUTO_TEST_CASE(a_short_write_goes_on_until_the_rest_is_there_or_fails) {
  const TempFolder folder;
  File file = std::move(File::create_new(folder.file("limited"))).take();
  rlimit before{};
  BOOST_REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto on_excess = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limited{4, before.rlim_max};
  BOOST_REQUIRE(setrlimit(RLIMIT_FSIZE, &limited) == 0);
  const Status written = file.write_at(0, as_bytes("twelve bytes"));
  BOOST_REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, on_excess);
  BOOST_TEST(!written.has_value());
  BOOST_TEST(*file.size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_lock_excludes_another_opening) {
  const TempFolder folder;
  const auto first = File::create(folder.file("lock")),
             second = File::open_write(folder.file("lock"));
  BOOST_TEST(first->try_lock().value());
  BOOST_TEST(!second->try_lock().value());
}

BOOST_AUTO_TEST_CASE(folders) {
  const TempFolder folder;
  BOOST_TEST(make_folders(folder.file("a/b/c")).has_value());
  BOOST_TEST(make_folder(folder.file("a")).has_value());
  BOOST_TEST((File::create_new(folder.file("a/f")).has_value()));
  BOOST_TEST((File::create_new(folder.file("a/f")).error().code == Code::kExists));
  BOOST_TEST((make_folder(folder.file("a/f")).error().code == Code::kExists));
  BOOST_TEST(remove_tree(folder.file("a")).has_value());
  BOOST_TEST(!stat_path(folder.file("a"))->has_value());
  BOOST_TEST(remove_file(folder.file("a")).has_value());
  BOOST_TEST(canonical_path(folder.path() + "/./x").value() ==
             canonical_path(folder.path()).value() + "/x");
}

BOOST_AUTO_TEST_CASE(a_path_whose_links_lead_to_nothing_is_what_they_name) {
  const TempFolder folder;
  const std::string real = canonical_path(folder.path()).value();
  BOOST_TEST(make_folder(folder.file("a")).has_value());
  BOOST_TEST(::symlink("a/none", folder.file("relative").c_str()) == 0);
  BOOST_TEST(::symlink(folder.file("relative").c_str(), folder.file("absolute").c_str()) == 0);
  BOOST_TEST(::symlink("b/none", folder.file("nowhere").c_str()) == 0);
  BOOST_TEST(::symlink("circle", folder.file("circle").c_str()) == 0);
  BOOST_TEST(canonical_path(folder.file("absolute")).value() == real + "/a/none");
  BOOST_TEST((canonical_path(folder.file("nowhere")).error().code == Code::kNotFound));
  BOOST_TEST(end_of_links(folder.file("relative")).value() == folder.file("a/none"));
  BOOST_TEST(end_of_links(folder.file("none")).value() == folder.file("none"));
  BOOST_TEST(!end_of_links(folder.file("circle")).has_value());
  BOOST_TEST(canonical_path(folder.file("circle")).value() == real + "/circle");
}

BOOST_AUTO_TEST_CASE(made_folders_survive_a_power_cut) {
  const TempFolder folder;
  std::vector<std::string> synced;
  bool fails = false;
  set_file_fault([&](FileOp op, const std::string& path) {
    if (op == FileOp::kSync) synced.push_back(path);
    return op == FileOp::kSync && fails ? EIO : 0;
  });
  BOOST_TEST(make_folders(folder.file("a/b")).has_value());
  BOOST_TEST(synced == (std::vector{folder.path(), folder.file("a")}));
  fails = true;  // what is not durable is not left: the next try would find it and sync nothing
  BOOST_TEST(!make_folders(folder.file("a/b/c")).has_value());
  BOOST_TEST(!stat_path(folder.file("a/b/c"))->has_value());
  set_file_fault({});
}

BOOST_AUTO_TEST_SUITE_END()
